// How far a log was read, where there is something to say of it.
//
// Invariant: an empty list is told apart from one that is not read yet, that cannot be read, or that a
// filter hides.

import type { Texts } from "../../i18n/texts.ts";
import { useApp } from "../../ui/context.ts";
import { Nothing } from "../../ui/parts.tsx";
import type { Log } from "./use-log.ts";

export function LogState({ log, shown }: { log: Log<unknown>; shown: number }) {
  const { texts } = useApp();
  const said = saidOf(log, shown, texts.logs);
  return (
    <>
      <p className="unseen" role="status">{texts.logs.shown(shown)}</p>
      {said !== null && <Nothing>{said}</Nothing>}
    </>
  );
}

function saidOf(
  { tail, hasFailed }: Log<unknown>,
  shown: number,
  words: Texts["logs"],
): string | null {
  if (hasFailed) return words.failed;
  if (tail.entries.length === 0) return tail.isWhole ? words.empty : words.reading;
  return shown === 0 ? words.noHits : null;
}
