// How guests reach the page: the link, and its picture for a telephone's camera.
//
// Invariant: it shows what the peer says of the page, or why there is none.

import { useEffect, useState } from "react";
import type { GuestLinks } from "../../api/shell.ts";
import { useApp, useMay } from "../../ui/context.ts";

/** Light squares around the picture, which cameras need to find it. */
const MARGIN = 4;

export function GuestAddresses() {
  const { shell, texts } = useApp();
  const { desktop } = useMay();
  const [known, setKnown] = useState<GuestLinks | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    const take = (links: GuestLinks) => {
      if (wanted) setKnown(links);
    };
    shell.guestLinks().then(take, (error: Error) => wanted && setFailure(error.message));
    return () => {
      wanted = false;
    };
  }, [shell]);
  const words = texts.settings;
  if (failure !== null) return <p className="guest-links">{failure}</p>;
  if (known === null) return null;
  const [first, ...others] = known.links;
  if (first === undefined) return <p className="guest-links">{words.guestsNowhere}</p>;
  return (
    <div className="guest-links">
      {known.squares.length > 0 && <Squares rows={known.squares} label={words.guestsPicture} />}
      <div>
        <p>{words.guestsAt}</p>
        {/* A window leads nowhere else. */}
        {desktop ? <bdi>{first}</bdi> : (
          <a href={first}>
            <bdi>{first}</bdi>
          </a>
        )}
        {others.length > 0 && <p>{words.guestsOr(others)}</p>}
      </div>
    </div>
  );
}

function Squares({ rows, label }: { rows: readonly string[]; label: string }) {
  const side = rows.length + 2 * MARGIN;
  const dark = rows.flatMap((row, y) =>
    [...row].flatMap((square, x) => square === "1" ? [`M${x + MARGIN} ${y + MARGIN}h1v1h-1z`] : [])
  );
  return (
    <svg className="squares" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label}>
      <rect width={side} height={side} />
      <path d={dark.join("")} shapeRendering="crispEdges" />
    </svg>
  );
}
