// What happened: what was unpacked, and what the program said.
//
// Invariant: which log is shown stands in the address, and only that one is read.

import { LOGS } from "../../state/route.ts";
import { useApp } from "../../ui/context.ts";
import { ProgramLog } from "./program-log.tsx";
import { UnpackLog } from "./unpack-log.tsx";

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
      {route.log === "program" ? <ProgramLog /> : <UnpackLog />}
    </div>
  );
}
