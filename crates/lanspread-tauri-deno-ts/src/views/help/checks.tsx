// What was looked at on this machine, one line each, with a plain sentence.
//
// Invariant: a mark says well, not well, or not known, and never without its words.

import type { ClockCheck, NetworkAdapter } from "../../api/types.ts";
import { type Check, checks, type FolderTrouble } from "../../state/checks.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useSnapshot, useView } from "../../ui/context.ts";
import { Path } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Section } from "../../ui/parts.tsx";
import { Told } from "../../ui/told.tsx";

export function Checks() {
  const { texts, store, format } = useApp();
  const snapshot = useSnapshot();
  const isAsked = useView((view) => view.asked.has("check-health"));
  const { folder } = snapshot.health;
  const words = texts.checks;
  return (
    <Section title={words.title}>
      <ul className="checks">
        {checks(snapshot).map((check) => (
          <li key={check.about} data-ok={String(check.ok)}>
            <Icon name={check.ok === false ? "alert" : "check"} />
            <div>
              <h3>
                {words.names[check.about]}
                <span className="unseen">{words.marks[mark(check.ok)]}</span>
              </h3>
              <Sentence check={check} />
            </div>
          </li>
        ))}
      </ul>
      <div className="checks-again">
        <Button waits={isAsked} onPress={() => void store.send({ cmd: "check-health" })}>
          {isAsked ? texts.shell.asked : words.again}
        </Button>
        {folder.state !== "unknown" && <p>{words.checkedAt(format.clock(folder.at_ms))}</p>}
      </div>
    </Section>
  );
}

function mark(ok: boolean | null): "well" | "wrong" | "unknown" {
  if (ok === null) return "unknown";
  return ok ? "well" : "wrong";
}

function Sentence({ check }: { check: Check }) {
  const { texts, href, format } = useApp();
  const words = texts.checks;
  switch (check.about) {
    case "network":
      return (
        <>
          <p>{check.ok === false ? words.noNetwork : words.network}</p>
          <Adapters adapters={check.adapters} />
        </>
      );
    case "port":
      return <p>{check.port === null ? words.noPort : words.port(check.port)}</p>;
    case "discovery":
      return check.state.state === "trouble"
        ? <Told words={texts.told.discovery[check.state.kind]} exact={check.state.message} />
        : <p>{words.discovery[check.state.state]}</p>;
    case "folder":
      if (check.troubles.length > 0) return <FolderTroubles troubles={check.troubles} />;
      return <p>{check.ok === null ? words.folderUnknown : words.folder}</p>;
    case "space":
      return (
        <p>
          {check.freeBytes === null
            ? words.spaceUnknown
            : words.space(format.bytes(check.freeBytes))}
        </p>
      );
    case "clock":
      return <ClockSentence clock={check.clock} />;
    case "unpacker":
      return (
        <p>
          {words.unpacker(check.formats)}
          {check.ok === false && (
            <>
              {" "}
              <a href={href({ tab: "logs" })}>{words.unpackFailed}</a>
            </>
          )}
        </p>
      );
  }
}

function FolderTroubles({ troubles }: { troubles: readonly FolderTrouble[] }) {
  const { texts } = useApp();
  return (
    <ul className="check-folders">
      {troubles.map(({ path, problem: { fault, message } }) => (
        <li key={path}>
          <Path path={path} />
          <Told words={texts.told.folders[fault]} exact={message} />
        </li>
      ))}
    </ul>
  );
}

function ClockSentence({ clock }: { clock: ClockCheck }) {
  const { texts, format } = useApp();
  const words = texts.checks;
  if (clock.state === "unknown") return <p>{words.clockUnknown}</p>;
  if (clock.state === "agrees") return <p>{words.clock(clock.peers)}</p>;
  const by = format.duration(Math.abs(clock.ahead_min) * 60_000);
  const ahead = clock.ahead_min > 0;
  return <p>{clock.peers === 1 ? words.clockOfTwo(by) : words.clockDiffers(by, ahead)}</p>;
}

function Adapters({ adapters }: { adapters: readonly NetworkAdapter[] }) {
  const { texts } = useApp();
  const words = texts.checks;
  return (
    <ul className="adapters">
      {adapters.map(({ name, kind, addrs, offered }) => (
        <li key={name} data-offered={offered}>
          <bdi>{name}</bdi>
          <bdi>{addrs.length === 0 ? words.noAddress : addrs.join(", ")}</bdi>
          <span>{offered ? words.offered(words.kinds[kind]) : words.kinds[kind]}</span>
        </li>
      ))}
    </ul>
  );
}
