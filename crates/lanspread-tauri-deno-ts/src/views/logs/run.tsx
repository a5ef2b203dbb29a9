// One archive that was unpacked, or was not, or one script of a game that ran.
//
// Invariant: it says what came of it in a word, and keeps what was said on the way until somebody asks.

import type { Run as Ran } from "../../state/runs.ts";
import { useApp } from "../../ui/context.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Name } from "../../ui/parts.tsx";

const ICONS: Record<Ran["result"], IconName> = {
  unpacked: "check",
  ended: "check",
  failed: "alert",
  cancelled: "off",
};

interface RunProps {
  run: Ran;
  title: string;
  isOpen: boolean;
  onToggle(): void;
}

export function Run({ run, title, isOpen, onToggle }: RunProps) {
  const { texts, format } = useApp();
  const { result, output } = run;
  const words = texts.logs;
  const facts = [
    words.results[result],
    run.bytes === null ? null : format.bytes(run.bytes),
    format.duration(run.elapsed_ms),
  ].filter((fact) => fact !== null);
  return (
    <div className="run" data-result={result}>
      <Icon name={ICONS[result]} />
      <div>
        <div className="finished-head">
          <span>
            <Name>{title}</Name> <bdi className="run-archive">{run.file}</bdi>
          </span>
          <time dateTime={new Date(run.at_ms).toISOString()}>{format.moment(run.at_ms)}</time>
        </div>
        <p>{facts.join(" · ")}</p>
        {output.length > 0 && (
          <button type="button" className="link run-more" aria-expanded={isOpen} onClick={onToggle}>
            <Icon name={isOpen ? "higher" : "lower"} />
            {words.output(output.length)}
          </button>
        )}
        {isOpen && <pre className="run-output" dir="auto">{output.join("\n")}</pre>}
      </div>
    </div>
  );
}
