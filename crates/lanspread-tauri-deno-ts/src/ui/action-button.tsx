// The main button of a game.
//
// Invariant: it shows what the peer offers and sends one command; what became of it is seen in the next
// snapshot. For a guest it is a link, and sends none. On a card where nothing can be done, it says why.

import type { Game, Operation } from "../api/types.ts";
import { isKept, mainAction, whyNoAction } from "../state/action.ts";
import { queuedOf } from "../state/queue.ts";
import { subject } from "../state/store.ts";
import { Button } from "./button.tsx";
import { CancelButton } from "./cancel-button.tsx";
import { useApp, useMay, usePart, useView } from "./context.ts";
import { TakeLink } from "./take-link.tsx";

interface ActionButtonProps {
  game: Game;
  operation: Operation | null;
  /** Whether it stands on a card, where there is little room. */
  brief?: boolean;
}

export function ActionButton({ game, operation, brief }: ActionButtonProps) {
  const { store, texts } = useApp();
  const may = useMay();
  const host = usePart("me").name;
  const queued = queuedOf(usePart("queue"), game.id);
  const action = mainAction(game, operation, queued);
  const scripts = usePart("running").filter(({ id }) => id === game.id).map(({ script }) => script);
  const asked = useView((view) => action !== null && view.asked.has(subject(action.command)));
  const isOpen = useView((view) => view.connection === "open");
  if (!may.ask) return <TakeLink game={game} brief={brief} />;
  if (action?.name === "cancel" && operation === null) {
    return <CancelButton id={game.id} game={game} operation={null} />;
  }
  if (action === null || (action.name === "play" && !may.play)) {
    const why = whyNoAction(game, may);
    return brief && why !== null ? <p className="no-action">{texts.noAction[why](host)}</p> : null;
  }
  const isRunning = isKept(action.name, scripts);
  const words = isRunning ? texts.actions.running : texts.actions[action.name];
  return (
    <Button
      kind={action.name === "cancel" || action.name === "pause" ? "quiet" : "main"}
      label={texts.actions.of(asked ? texts.shell.asked : words, game.title)}
      icon={action.name === "play" ? "play" : undefined}
      waits={asked || isRunning || !isOpen}
      onPress={() => void store.send(action.command)}
    >
      {asked ? texts.shell.asked : words}
    </Button>
  );
}
