// Lets a running download rest; what came stays here.
//
// Invariant: it is there only for downloads that the queue runs, since only those can go on by themselves.

import type { Operation } from "../api/types.ts";
import { canPause } from "../state/queue.ts";
import { subject } from "../state/store.ts";
import { Button } from "./button.tsx";
import { useApp, useMay, usePart, useView } from "./context.ts";

export function PauseButton({ operation, title }: { operation: Operation; title: string }) {
  const { texts, store } = useApp();
  const { ask } = useMay();
  const { id } = operation;
  const isOffered = canPause(operation, usePart("queue"));
  const asked = useView((view) => view.asked.has(subject({ cmd: "pause", id })));
  if (!ask || !isOffered) return null;
  return (
    <Button
      label={texts.actions.of(texts.actions.pause, title)}
      waits={asked}
      onPress={() => void store.send({ cmd: "pause", id })}
    >
      {texts.actions.pause}
    </Button>
  );
}
