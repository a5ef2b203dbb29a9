// What the user can set: who he is, where games lie, who may come, how things look.
//
// Invariant: looks are kept in this browser; everything else is the peer's, shown as it last said, and
// only what may be changed from this seat is offered.

import { useApp, useMay } from "../../ui/context.ts";
import { Section } from "../../ui/parts.tsx";
import { LimitsForm } from "../transfers/limits.tsx";
import { GuestSwitch, PartyCode } from "./access.tsx";
import { Looks } from "./looks.tsx";
import { Player } from "./player.tsx";
import { RestartNeeded } from "./restart-needed.tsx";
import { ThisPc } from "./this-pc.tsx";

export function Settings() {
  const { texts } = useApp();
  const { ask } = useMay();
  const words = texts.settings;
  if (!ask) {
    return (
      <div className="view view-narrow">
        <h1>{words.title}</h1>
        <Looks />
      </div>
    );
  }
  return (
    <div className="view view-split">
      <h1>{words.title}</h1>
      <div className="view-main">
        <RestartNeeded />
        <Player />
        <ThisPc />
        <Section title={words.access}>
          <PartyCode />
          <GuestSwitch />
        </Section>
      </div>
      <div className="view-side">
        <Looks />
        <LimitsForm />
      </div>
    </div>
  );
}
