// The rates of the last two minutes, down and up.
//
// Invariant: the picture holds as many points as the history, which is bounded. Whoever cannot see it is
// told the present rates and the scale.

import { downloadRate, ratePath, scaleTop, uploadRate } from "../../state/rates.ts";
import { useApp, usePart, useView } from "../../ui/context.ts";
import { Icon } from "../../ui/icon.tsx";

const WIDTH = 600;
const HEIGHT = 140;

export function RateGraph() {
  const { texts, format } = useApp();
  const rates = useView((view) => view.rates);
  const down = format.rate(downloadRate(usePart("operations")));
  const up = format.rate(uploadRate(usePart("uploads")));
  const top = format.rate(scaleTop(rates));
  const downPath = ratePath(rates, "down", WIDTH, HEIGHT);
  const upPath = ratePath(rates, "up", WIDTH, HEIGHT);
  return (
    <figure className="graph">
      <figcaption>
        <span className="graph-down">
          <Icon name="down" />
          {texts.transfers.rate} <strong>{down}</strong>
        </span>
        <span className="graph-up">
          <Icon name="up" />
          {texts.transfers.rateUp} <strong>{up}</strong>
        </span>
      </figcaption>
      <div className="graph-box">
        <svg
          role="img"
          aria-label={texts.transfers.rateLabel(down, up, top)}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
        >
          <path className="graph-grid" d={`M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}`} />
          <path className="graph-area" d={downPath.area} />
          <path className="graph-line graph-line-up" d={upPath.line} />
          <path className="graph-line" d={downPath.line} />
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
