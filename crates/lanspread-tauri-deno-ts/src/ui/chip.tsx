// The chips of a game: how things stand with it, and how many peers have it.
//
// Invariant: a chip says its meaning in words; colour and icon only repeat it.

import type { Game, GameState } from "../api/types.ts";
import { percentHashed, shareGathered } from "../state/progress.ts";
import { canTake } from "../state/seat.ts";
import { useApp, useMay, useView } from "./context.ts";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "good" | "info" | "warn" | "bad" | "none";

const LOOKS: Record<GameState, { tone: Tone; icon: IconName }> = {
  "ready": { tone: "good", icon: "check" },
  "downloaded": { tone: "info", icon: "box" },
  "update-available": { tone: "warn", icon: "up" },
  "other-version": { tone: "warn", icon: "clock" },
  "local-only": { tone: "good", icon: "check" },
  "on-others": { tone: "none", icon: "cloud" },
  "nowhere": { tone: "none", icon: "off" },
};

interface StateChipProps {
  game: Game;
  /** Whether something runs on it, which says itself how far it is. */
  runs: boolean;
}

export function StateChip({ game, runs }: StateChipProps) {
  const { texts, format } = useApp();
  const { ask } = useMay();
  const checked = useView((view) => percentHashed(view.known?.snapshot.hashing ?? [], game.id));
  if (!ask && game.to_hash) {
    return <Chip tone="none" icon="clock" words={texts.hashing.chip(null)} />;
  }
  if (!ask && game.state !== "nowhere") {
    return canTake(game)
      ? <Chip tone="good" icon="down" words={texts.guest.canTake} />
      : <Chip tone="none" icon="cloud" words={texts.guest.elsewhere} />;
  }
  if (game.problem !== null) {
    return <Chip tone="bad" icon="alert" words={texts.library.problem} />;
  }
  if (checked !== null && !runs) {
    const percent = format.percent(checked / 100);
    return <Chip tone="info" icon="clock" words={texts.hashing.chip(percent)} />;
  }
  const share = runs ? null : shareGathered(game);
  if (share !== null && !game.downloaded) {
    return <Chip tone="info" icon="down" words={texts.queue.partly(format.percent(share))} />;
  }
  return <Chip {...LOOKS[game.state]} words={texts.states[game.state]} />;
}

interface HoldersProps {
  game: Game;
  party: number;
  /** Whether there is room for the number only. */
  brief?: boolean;
}

export function HoldersChip({ game, party, brief = false }: HoldersProps) {
  const { texts, format } = useApp();
  const have = game.holders.length;
  return (
    <span className="holders" title={texts.library.holders(have, party)}>
      <Icon name="peers" />
      {brief && <span aria-hidden="true">{format.number(have)}</span>}
      <span className={brief ? "unseen" : undefined}>
        {have === 0 ? texts.library.nobody : texts.library.holdersShort(have)}
      </span>
    </span>
  );
}

export function Chip({ tone, icon, words }: { tone: Tone; icon: IconName; words: string }) {
  return (
    <span className={`chip chip-${tone}`}>
      <Icon name={icon} />
      <span>{words}</span>
    </span>
  );
}
