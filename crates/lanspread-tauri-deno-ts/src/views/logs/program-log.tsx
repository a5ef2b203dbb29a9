// The program's log: history and live end, narrowed by level and words.
//
// Invariant: a line stands there once; what is copied is what is shown.

import { memo, useDeferredValue, useMemo, useState } from "react";
import type { LogLevel, LogLine } from "../../api/types.ts";
import { LEVELS, linesText, shownLines } from "../../state/log-filter.ts";
import { Button } from "../../ui/button.tsx";
import { useApp } from "../../ui/context.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Choice, Section } from "../../ui/parts.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { LogState } from "./log-state.tsx";
import { useLog } from "./use-log.ts";
import { WordsField } from "./words-field.tsx";

export function ProgramLog() {
  const { texts, shell } = useApp();
  const log = useLog(shell.log);
  const [level, setLevel] = useState<LogLevel>("info");
  const [words, setWords] = useState("");
  const [follows, setFollows] = useState(true);
  const needle = useDeferredValue(words);
  const { entries } = log.tail;
  const shown = useMemo(() => shownLines(entries, level, needle), [entries, level, needle]);
  const say = texts.logs;
  return (
    <Section title={say.names.program}>
      <div className="log-bar">
        <Choice
          label={say.level}
          options={LEVELS}
          value={level}
          words={(one) => say.levels[one]}
          onChoose={(one) => setLevel(one)}
        />
        <WordsField label={say.search} words={words} onType={setWords} />
        <div className="log-buttons">
          <Button onPress={() => setFollows(!follows)}>
            {follows ? say.stopFollowing : say.follow}
          </Button>
          <CopyButton
            words={say.copy}
            failed={say.copyFailed}
            text={() => linesText(shown)}
          />
        </div>
      </div>
      <LogState log={log} shown={shown.length} />
      {shown.length > 0 && (
        <VirtualList
          items={shown}
          keyOf={({ number }) => number}
          label={say.lines}
          follows={follows}
          onLeaveEnd={() => setFollows(false)}
          row={(line) => <Line line={line} />}
        />
      )}
    </Section>
  );
}

const Line = memo(function Line({ line }: { line: LogLine }) {
  const { texts, format } = useApp();
  return (
    <div className="log-line" data-level={line.level}>
      <time dateTime={new Date(line.at_ms).toISOString()}>{format.moment(line.at_ms)}</time>
      <strong>{texts.logs.marks[line.level]}</strong>
      <bdi className="log-target">{line.target}</bdi>
      <span className="log-message" dir="auto">{line.message}</span>
    </div>
  );
});
