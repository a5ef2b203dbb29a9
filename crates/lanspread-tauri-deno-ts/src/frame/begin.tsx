// What is shown before there is a party: the two questions of the first start, and then the page.
//
// Invariant: the questions are asked only where the shell says that nobody has answered them, and while
// that is not known nothing is shown that would have to be taken back.

import { useEffect, useState } from "react";
import type { Proposal } from "../api/shell.ts";
import { useApp } from "../ui/context.ts";
import { FirstRun } from "../views/first-run/first-run.tsx";
import { Frame } from "./frame.tsx";

type Begun = { state: "unknown" } | { state: "asks"; proposal: Proposal } | { state: "yes" };

export function Begin() {
  const { shell } = useApp();
  const [begun, setBegun] = useState<Begun>({ state: "unknown" });
  useEffect(() => {
    let wanted = true;
    const take = (proposal: Proposal | null) => {
      if (wanted) setBegun(proposal === null ? { state: "yes" } : { state: "asks", proposal });
    };
    shell.firstRun().then(take, () => take(null));
    return () => {
      wanted = false;
    };
  }, [shell]);
  switch (begun.state) {
    case "unknown":
      return null;
    case "asks":
      return <FirstRun proposal={begun.proposal} onDone={() => setBegun({ state: "yes" })} />;
    case "yes":
      return <Frame />;
  }
}
