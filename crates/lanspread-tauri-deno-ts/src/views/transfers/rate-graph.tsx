// The download rate of the last two minutes.
//
// Invariant: the picture holds as many points as the history, which is bounded. Whoever cannot see it is
// told the present rate and the scale.

import { downloadRate, ratePath, scaleTop } from "../../state/rates.ts";
import { useApp, usePart, useView } from "../../ui/context.ts";

const WIDTH = 600;
const HEIGHT = 140;

export function RateGraph() {
  const { texts, format } = useApp();
  const rates = useView((view) => view.rates);
  const now = format.rate(downloadRate(usePart("operations")));
  const top = format.rate(scaleTop(rates));
  const { line, area } = ratePath(rates, WIDTH, HEIGHT);
  return (
    <figure className="graph">
      <figcaption>
        <span>{texts.transfers.rate}</span>
        <strong>{now}</strong>
      </figcaption>
      <div className="graph-box">
        <svg
          role="img"
          aria-label={texts.transfers.rateLabel(now, top)}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
        >
          <path className="graph-grid" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}`} />
          <path className="graph-area" d={area} />
          <path className="graph-line" d={line} />
        </svg>
        <span className="graph-top">{top}</span>
      </div>
      <div className="graph-axis">
        <span>{texts.transfers.rateAgo}</span>
        <span>{texts.transfers.rateNow}</span>
      </div>
    </figure>
  );
}
