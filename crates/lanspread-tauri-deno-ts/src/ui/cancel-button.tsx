// Ends a download, running or not; what has come of it is deleted.
//
// Invariant: where more than a moment's work would be lost, it asks first, names the folder and the bytes,
// and offers the rest instead.

import { useState } from "react";
import type { Game, Operation } from "../api/types.ts";
import { gameFolder } from "../state/folders.ts";
import { lostByCancel } from "../state/loss.ts";
import { subject } from "../state/store.ts";
import { Button } from "./button.tsx";
import { useApp, useMay, usePart, useView } from "./context.ts";
import { Confirm } from "./dialog.tsx";

interface CancelButtonProps {
  id: string;
  /** `null` for a game that nobody knows any more. */
  game: Game | null;
  operation: Operation | null;
  /** Whether it shows a cross and no words. */
  brief?: boolean;
}

export function CancelButton({ id, game, operation, brief }: CancelButtonProps) {
  const { texts, store, format } = useApp();
  const folder = gameFolder(usePart("me"), id, game);
  const { ask } = useMay();
  const [lost, setLost] = useState<number | null>(null);
  const asked = useView((view) => view.asked.has(subject({ cmd: "cancel", id })));
  const title = game?.title ?? id;
  const cancel = () => void store.send({ cmd: "cancel", id });
  if (!ask) return null;
  return (
    <>
      <Button
        kind={brief ? "plain" : "quiet"}
        icon={brief ? "close" : undefined}
        label={texts.actions.of(texts.actions.cancel, title)}
        waits={asked}
        onPress={() => {
          const bytes = lostByCancel(game, operation);
          if (bytes === null) cancel();
          else setLost(bytes);
        }}
      >
        {brief ? undefined : texts.actions.cancel}
      </Button>
      {lost !== null && (
        <Confirm
          question={{
            title: texts.confirm.cancelTitle(title),
            body: texts.confirm.cancelBody(format.bytes(lost)),
            folder,
            ...(operation === null ? { after: texts.confirm.cancelResting } : {
              after: texts.confirm.cancelAfter,
              keep: texts.confirm.goOn,
              instead: {
                words: texts.actions.pause,
                onPress: () => void store.send({ cmd: "pause", id }),
              },
            }),
            confirm: texts.confirm.cancel,
            onConfirm: cancel,
          }}
          onClose={() => setLost(null)}
        />
      )}
    </>
  );
}
