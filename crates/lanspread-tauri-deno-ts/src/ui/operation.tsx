// How a running operation stands: in one line, or with all of its sources.
//
// Invariant: every figure is the snapshot's. Bytes are those that were verified, so they never go back.

import type { Operation, Progress } from "../api/types.ts";
import type { Texts } from "../i18n/texts.ts";
import type { Formats } from "../state/format.ts";
import { shareDone } from "../state/progress.ts";
import { waitWords } from "../state/told.ts";
import { ProgressBar, RateBar } from "./bar.tsx";
import { useApp } from "./context.ts";
import { Name } from "./parts.tsx";

/** The bar and a line beneath it, for a card. */
export function OperationLine({ operation, title }: { operation: Operation; title: string }) {
  const { texts, format } = useApp();
  const { progress } = operation;
  const share = shareDone(progress);
  const parts = [
    doing(operation, texts),
    share === null ? null : format.percent(share),
    progress?.phase === "transferring" ? format.rate(progress.rate_bytes_per_s) : null,
  ];
  return (
    <div className="operation-line">
      <ProgressBar share={share} label={texts.progress.label(title)} />
      <span>{parts.filter((part) => part !== null).join(" · ")}</span>
    </div>
  );
}

/** What is done at this moment, in two or three words. */
function doing({ kind, progress }: Operation, texts: Texts): string {
  if (progress?.phase === "waiting") return texts.progress.waiting;
  if (progress?.phase === "step") return texts.progress.steps[progress.work];
  return texts.operations[kind];
}

/** Everything that is known of an operation. */
export function OperationDetail({ operation, title }: { operation: Operation; title: string }) {
  const { texts, format } = useApp();
  const { progress } = operation;
  const share = shareDone(progress);
  return (
    <div className="operation">
      <div className="operation-head">
        <span>{doing(operation, texts)}</span>
        {share !== null && <strong>{format.percent(share)}</strong>}
      </div>
      <ProgressBar share={share} label={texts.progress.label(title)} />
      <ProgressFigures progress={progress} title={title} />
    </div>
  );
}

function ProgressFigures(
  { progress, title }: { progress: Progress | null; title: string },
) {
  const { texts, format } = useApp();
  if (progress === null) return <p className="operation-figures">{texts.progress.starting}</p>;
  switch (progress.phase) {
    case "waiting":
      return (
        <p className="operation-waits">
          {waitWords(texts, progress.why, title)}
        </p>
      );
    case "checking":
      return (
        <Figures
          figures={[
            texts.progress.checking,
            texts.progress.checkedOf(
              format.bytes(progress.done_bytes),
              format.bytes(progress.total_bytes),
            ),
          ]}
        />
      );
    case "step":
      return <Figures figures={stepFigures(progress, texts, format)} />;
    case "transferring":
      return <Transferring progress={progress} />;
  }
}

/** On which archive or file a step is, and how many bytes of it are done. */
function stepFigures(
  { work, archive, index, count, done_bytes, total_bytes }: Extract<Progress, { phase: "step" }>,
  texts: Texts,
  format: Formats,
): string[] {
  const words = texts.progress;
  const [at, of] = [format.number(index), format.number(count)];
  const done = format.bytes(done_bytes);
  const written = total_bytes === null
    ? words.stepDone(done)
    : words.stepOf(done, format.bytes(total_bytes));
  if (work === "syncing") return [written];
  if (work !== "unpacking") return [words.stepFile(at, of)];
  return [
    ...(count > 1 ? [words.stepArchive(at, of)] : []),
    ...(archive === null ? [] : [archive]),
    written,
  ];
}

function Transferring({ progress }: { progress: Extract<Progress, { phase: "transferring" }> }) {
  const { texts, format } = useApp();
  const { sources, efficiency_percent: efficiency, time_left_ms: left } = progress;
  const greatest = Math.max(1, ...sources.map((source) => source.rate_bytes_per_s));
  return (
    <>
      <Figures
        figures={[
          texts.progress.of(
            format.bytes(progress.verified_bytes),
            format.bytes(progress.total_bytes),
          ),
          format.rate(progress.rate_bytes_per_s),
          left === null ? texts.progress.leftUnknown : texts.progress.left(format.duration(left)),
        ]}
      />
      {efficiency !== null && (
        <p className="operation-figures">
          {texts.progress.efficiency(format.percent(efficiency / 100))}
        </p>
      )}
      {sources.length === 0
        ? <p className="operation-waits">{texts.progress.noSources}</p>
        : (
          <ul className="sources" aria-label={texts.progress.sources}>
            {sources.map((source) => (
              <li key={source.peer_id}>
                <Name>{source.name}</Name>
                <RateBar share={source.rate_bytes_per_s / greatest} />
                <span className="sources-rate">{format.rate(source.rate_bytes_per_s)}</span>
                <span className="sources-total">
                  {texts.progress.sourceTotal(format.bytes(source.bytes))}
                </span>
              </li>
            ))}
          </ul>
        )}
    </>
  );
}

function Figures({ figures }: { figures: string[] }) {
  return (
    <ul className="operation-figures">
      {figures.map((figure) => (
        <li key={figure}>
          <bdi>{figure}</bdi>
        </li>
      ))}
    </ul>
  );
}
