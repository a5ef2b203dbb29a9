// The unpack log: every archive that was unpacked or was not, the newest first.
//
// Invariant: what an unpacker said is shown as text, and only when it is opened.

import { useDeferredValue, useMemo, useState } from "react";
import { runsText, shownRuns } from "../../state/log-filter.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Section } from "../../ui/parts.tsx";
import { Switch } from "../../ui/switch.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { LogState } from "./log-state.tsx";
import { Run } from "./run.tsx";
import { useLog } from "./use-log.ts";
import { WordsField } from "./words-field.tsx";

export function UnpackLog() {
  const { texts, shell } = useApp();
  const log = useLog(shell.unpackLog);
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

  const toggle = (number: number) => {
    const next = new Set(open);
    if (!next.delete(number)) next.add(number);
    setOpen(next);
  };

  return (
    <Section title={say.names.unpacking}>
      <div className="log-bar">
        <WordsField label={say.searchGame} words={words} onType={setWords} />
        <Switch
          label={say.errorsOnly}
          hint={say.errorsOnlyHint}
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
          label={say.runs}
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
