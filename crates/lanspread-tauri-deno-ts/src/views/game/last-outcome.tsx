// How the last operation on a game ended, where that needs a word: it failed, or left a note.
//
// Invariant: what the user cancelled is not shown as a failure.

import { useState } from "react";
import type { Game } from "../../api/types.ts";
import { headline } from "../../i18n/texts.ts";
import { gameFolder } from "../../state/folders.ts";
import { canGiveUpOld, lastFinished } from "../../state/progress.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, usePart } from "../../ui/context.ts";
import { Confirm } from "../../ui/dialog.tsx";
import { ErrorTold, Notes } from "../../ui/told.tsx";

export function LastOutcome({ game }: { game: Game }) {
  const { texts } = useApp();
  const last = lastFinished(usePart("finished"), game.id);
  if (last === null) return null;
  const { outcome, kind } = last;
  switch (outcome.result) {
    case "cancelled":
      return null;
    case "finished":
      return outcome.notes.length === 0 ? null : (
        <div className="warning warning-calm" role="note">
          <strong>{texts.transfers.done[kind]}</strong>
          <Notes notes={outcome.notes} />
        </div>
      );
    case "failed":
      return (
        <div className="warning" role="note">
          <strong>{texts.transfers.failed[kind]}: {headline(texts, outcome.kind)}</strong>
          <ErrorTold kind={outcome.kind} message={outcome.message} />
          {canGiveUpOld(game, last) && <GiveUpOld game={game} />}
        </div>
      );
  }
}

/** Deletes the version that is here, so that the new one fits; after a question. */
export function GiveUpOld({ game }: { game: Game }) {
  const { texts, store, format } = useApp();
  const me = usePart("me");
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button kind="danger" onPress={() => setAsking(true)}>{texts.actions.giveUpOld}</Button>
      {asking && (
        <Confirm
          question={{
            title: texts.confirm.giveUpTitle(game.title),
            body: texts.confirm.giveUpBody(format.bytes(game.size)),
            folder: gameFolder(me, game.id, game),
            confirm: texts.confirm.giveUp,
            onConfirm: () => void store.send({ cmd: "queue", id: game.id, give_up_old: true }),
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
