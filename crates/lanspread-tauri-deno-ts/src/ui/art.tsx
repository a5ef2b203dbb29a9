// A game's picture: its cover, or one drawn from its id.
//
// Invariant: it is decoration. The title stands beside it, so screen readers pass over it; and a cover
// that cannot be loaded leaves the drawn picture behind it to be seen.

import { memo, useState } from "react";
import type { Game } from "../api/types.ts";
import { picture } from "../design/picture.ts";
import { useApp } from "./context.ts";

export const Art = memo(function Art({ id, title, cover }: Pick<Game, "id" | "title" | "cover">) {
  const { shell } = useApp();
  const [broken, setBroken] = useState(false);
  const { background, initials } = picture(id, title);
  const url = cover && !broken ? shell.coverUrl(id) : null;
  return (
    <div
      className="art"
      style={{ background }}
      data-initials={url === null ? initials : undefined}
      aria-hidden="true"
    >
      {url !== null && <img src={url} alt="" loading="lazy" onError={() => setBroken(true)} />}
    </div>
  );
});
