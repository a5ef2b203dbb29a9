// Why a game that is unpacked cannot be started from here.
//
// Invariant: which scripts there are is the snapshot's; on another machine nothing is started anyway.

import type { Game } from "../../api/types.ts";
import { headline } from "../../i18n/texts.ts";
import { useApp, useMay, usePart } from "../../ui/context.ts";

export function NoStart({ game }: { game: Game }) {
  const { texts } = useApp();
  const { play } = useMay();
  const { script_ending } = usePart("me");
  if (!play || !game.installed || game.scripts.includes("start")) return null;
  return (
    <div className="warning warning-calm" role="note">
      <strong>{headline(texts, "no-script")}</strong>
      <p>{texts.game.noStart(`game_start${script_ending}`)}</p>
    </div>
  );
}
