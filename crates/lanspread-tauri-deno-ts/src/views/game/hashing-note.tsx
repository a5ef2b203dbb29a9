// Why others cannot fetch a game from here yet: its files are checked first.
//
// Invariant: it is shown while the files are still to be checked, and gone when they are.

import type { Game } from "../../api/types.ts";
import { percentHashed } from "../../state/progress.ts";
import { ProgressBar } from "../../ui/bar.tsx";
import { useApp, usePart } from "../../ui/context.ts";

export function HashingNote({ game }: { game: Game }) {
  const { texts, format } = useApp();
  const percent = percentHashed(usePart("hashing"), game.id);
  if (!game.to_hash) return null;
  return (
    <div className="warning warning-calm" role="note">
      {percent === null ? <strong>{texts.hashing.waits}</strong> : (
        <>
          <strong>{texts.hashing.now(format.percent(percent / 100))}</strong>
          <ProgressBar share={percent / 100} label={texts.progress.label(game.title)} />
        </>
      )}
      <p>{texts.hashing.why}</p>
    </div>
  );
}
