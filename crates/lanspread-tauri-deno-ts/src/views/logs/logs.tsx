// What happened: what was unpacked, which scripts of games ran, and what the program said.
//
// Invariant: which log is shown stands in the address, and only that one is read.

import { useMemo } from "react";
import { LOGS } from "../../state/route.ts";
import { ofArchives, ofScripts } from "../../state/runs.ts";
import { useApp } from "../../ui/context.ts";
import { ProgramLog } from "./program-log.tsx";
import { RunLog } from "./run-log.tsx";

export function Logs() {
  const { texts, route, href } = useApp();
  const words = texts.logs;
  return (
    <div className="view">
      <h1>{words.title}</h1>
      <nav className="filters" aria-label={words.title}>
        {LOGS.map((log) => (
          <a
            key={log}
            className="filter"
            href={href({ log })}
            aria-current={route.log === log ? "page" : undefined}
          >
            {words.names[log]}
          </a>
        ))}
      </nav>
      <Log />
    </div>
  );
}

function Log() {
  const { route, shell } = useApp();
  const readers = useMemo(() => ({
    unpacking: (after: number) => shell.unpackLog(after).then(ofArchives),
    games: (after: number) => shell.gameLog(after).then(ofScripts),
  }), [shell]);
  switch (route.log) {
    case "program":
      return <ProgramLog />;
    case "unpacking":
    case "games":
      return <RunLog key={route.log} kind={route.log} read={readers[route.log]} />;
  }
}
