// How much of a download that does not run is here: a bar and the figures.
//
// Invariant: it is what was noted when the download came to rest, and stands nowhere while one runs.

import type { Game } from "../api/types.ts";
import { shareGathered } from "../state/progress.ts";
import { ProgressBar } from "./bar.tsx";
import { useApp } from "./context.ts";

export function GatheredLine({ game }: { game: Game }) {
  const { texts, format } = useApp();
  const share = shareGathered(game);
  if (share === null || game.gathered === null) return null;
  const { verified_bytes: done, total_bytes: total } = game.gathered;
  return (
    <div className="operation-line">
      <ProgressBar share={share} label={texts.progress.label(game.title)} />
      <span>
        {texts.queue.here(format.percent(share), format.bytes(done), format.bytes(total))}
      </span>
    </div>
  );
}
