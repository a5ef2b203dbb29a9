// The main button of a game.
//
// Invariant: it shows what the peer offers and sends one command; what became of it is seen in the next
// snapshot.

import type { Game, Operation } from "../api/types.ts";
import { mainAction } from "../state/action.ts";
import { subject } from "../state/store.ts";
import { Button } from "./button.tsx";
import { useApp, usePart, useView } from "./context.ts";

export function ActionButton({ game, operation }: { game: Game; operation: Operation | null }) {
  const { shell, store, texts, preferences } = useApp();
  const action = mainAction(game, operation, preferences.language);
  const isPlayed = usePart("running").some(({ id, script }) =>
    id === game.id && script !== "server"
  );
  const asked = useView((view) => action !== null && view.asked.has(subject(action.command)));
  const isOpen = useView((view) => view.connection === "open");
  if (action === null || (action.name === "play" && !shell.can.play)) return null;
  const isRunning = action.name === "play" && isPlayed;
  const words = isRunning ? texts.actions.running : texts.actions[action.name];
  return (
    <Button
      kind={action.name === "cancel" ? "quiet" : "main"}
      label={texts.actions.of(asked ? texts.shell.asked : words, game.title)}
      icon={action.name === "play" ? "play" : undefined}
      waits={asked || isRunning || !isOpen}
      onPress={() => void store.send(action.command)}
    >
      {asked ? texts.shell.asked : words}
    </Button>
  );
}
