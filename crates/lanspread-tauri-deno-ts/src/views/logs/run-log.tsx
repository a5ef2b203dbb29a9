// A log of runs: every archive that was unpacked or was not, or every script of a game, the newest first.
//
// Invariant: what was said on the way is shown as text, and only when it is opened.

import { useDeferredValue, useMemo, useState } from "react";
import type { LogPage } from "../../api/types.ts";
import { runsText, shownRuns } from "../../state/log-filter.ts";
import type { Run as Ran } from "../../state/runs.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Section } from "../../ui/parts.tsx";
import { Switch } from "../../ui/switch.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { LogState } from "./log-state.tsx";
import { Run } from "./run.tsx";
import { useLog } from "./use-log.ts";
import { WordsField } from "./words-field.tsx";

interface RunLogProps {
  /** Which of them. */
  kind: "unpacking" | "games";
  /** It stays the same while the same log is read. */
  read(after: number): Promise<LogPage<Ran>>;
}

export function RunLog({ kind, read }: RunLogProps) {
  const { texts } = useApp();
  const log = useLog(read);
  const games = usePart("games");
  const titles = useMemo(() => new Map(games.map(({ id, title }) => [id, title])), [games]);
  const [words, setWords] = useState("");
  const [errorsOnly, setErrorsOnly] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const needle = useDeferredValue(words);
  const { entries } = log.tail;
  const shown = useMemo(
    () => shownRuns(entries, titles, needle, errorsOnly),
    [entries, titles, needle, errorsOnly],
  );
  const say = texts.logs;
  const about = say.kinds[kind];

  const toggle = (number: number) => {
    const next = new Set(open);
    if (!next.delete(number)) next.add(number);
    setOpen(next);
  };

  return (
    <Section title={say.names[kind]}>
      <div className="log-bar">
        <WordsField label={about.search} words={words} onType={setWords} />
        <Switch
          label={say.errorsOnly}
          hint={about.errorsOnlyHint}
          isOn={errorsOnly}
          isAsked={false}
          onToggle={setErrorsOnly}
        />
        <div className="log-buttons">
          <CopyButton words={say.copy} failed={say.copyFailed} text={() => runsText(shown)} />
        </div>
      </div>
      <LogState log={log} shown={shown.length} />
      {shown.length > 0 && (
        <VirtualList
          items={shown}
          keyOf={({ number }) => number}
          label={about.runs}
          row={(run) => (
            <Run
              run={run}
              title={titles.get(run.id) ?? run.id}
              isOpen={open.has(run.number)}
              onToggle={() => toggle(run.number)}
            />
          )}
        />
      )}
    </Section>
  );
}
