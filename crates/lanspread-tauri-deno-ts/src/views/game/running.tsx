// Which scripts of a game run on this PC.
//
// Invariant: a script is shown as long as the snapshot has it, and nobody guesses when a game ends.

import type { Game, Script } from "../../api/types.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { Icon } from "../../ui/icon.tsx";

export function RunningScripts({ game }: { game: Game }) {
  const { texts, format } = useApp();
  const scripts = usePart("running").filter(({ id }) => id === game.id);
  const words: Record<Script, (time: string) => string> = {
    setup: texts.game.setup,
    start: texts.game.running,
    server: texts.game.server,
    uninstall: texts.game.uninstalling,
  };
  if (scripts.length === 0) return null;
  return (
    <ul className="running">
      {scripts.map(({ script, since_ms }) => (
        <li key={script}>
          <Icon name="play" />
          {words[script](format.clock(since_ms))}
        </li>
      ))}
    </ul>
  );
}
