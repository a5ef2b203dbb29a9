// Loads what is told of a game when its panel is open.
//
// Invariant: an answer for another game, or for an earlier state of this one, is never shown.

import { useEffect, useState } from "react";
import type { Game, GameDetails } from "../../api/types.ts";
import { useApp } from "../../ui/context.ts";

export type Details =
  | { state: "loading" }
  | { state: "failed" }
  | { state: "loaded"; details: GameDetails };

/** The details of a game; they are asked for again whenever the game changes. */
export function useDetails(game: Game): Details {
  const { shell } = useApp();
  const [details, setDetails] = useState<Details>({ state: "loading" });
  useEffect(() => {
    let wanted = true;
    shell.details(game.id).then(
      (loaded) => wanted && setDetails({ state: "loaded", details: loaded }),
      () => wanted && setDetails({ state: "failed" }),
    );
    return () => {
      wanted = false;
    };
  }, [shell, game]);
  return details;
}
