// The link by which a game is taken along as one file.
//
// Invariant: it is a plain link that the browser follows by itself; no command is sent, and it is there
// only for games that the peer can hand out.

import type { Game } from "../api/types.ts";
import { canTake } from "../state/seat.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

interface TakeLinkProps {
  game: Game;
  kind?: "main" | "quiet";
  /** Whether there is room for one short word only. */
  brief?: boolean;
}

export function TakeLink({ game, kind = "main", brief = false }: TakeLinkProps) {
  const { shell, texts } = useApp();
  const url = canTake(game) ? shell.archiveUrl(game.id) : null;
  if (url === null) return null;
  return (
    <a
      className={`button button-${kind}`}
      href={url}
      download
      aria-label={texts.actions.of(texts.guest.take, game.title)}
    >
      <Icon name="down" />
      <span>{brief ? texts.guest.takeBrief : texts.guest.take}</span>
    </a>
  );
}
