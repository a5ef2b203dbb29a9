// What of the machine was looked at: each line says well only where that is known.

import assert from "node:assert/strict";
import type { Finished, Snapshot } from "../../src/api/types.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { checks } from "../../src/state/checks.ts";
import { diagnose, inTheWay, keyOf } from "../../src/state/diagnose.ts";
import { report } from "../../src/state/report.ts";
import { party } from "../support/games.ts";

const marks = (snapshot: Snapshot) =>
  Object.fromEntries(checks(snapshot).map(({ about, ok }) => [about, ok]));

Deno.test("where all is well each line says so, and what is not known says that", () => {
  const well = {
    network: true,
    port: true,
    discovery: true,
    folder: true,
    space: true,
    clock: true,
    unpacker: true,
  };
  assert.deepEqual(marks(party()), well);
  const { me, health } = party();
  const early = marks({
    ...party(),
    me: {
      ...me,
      listen_addrs: [],
      discovery: { state: "starting" },
      free_bytes: null,
      more_games_dirs: [],
    },
    health: {
      ...health,
      adapters: [],
      folder: { state: "unknown" },
      clock: { state: "unknown" },
    },
  });
  assert.deepEqual(early, {
    network: null,
    port: null,
    discovery: null,
    folder: null,
    space: null,
    clock: null,
    unpacker: true,
  });
  const off = { ...party(), me: { ...me, discovery: { state: "off" as const } } };
  assert.equal(marks(off).discovery, null);
});

Deno.test("each thing that is wrong is one line that is not well, and one finding", () => {
  const found = (scenario: keyof typeof SCENARIOS) => {
    const { snapshot } = SCENARIOS[scenario]();
    const wrong = checks(snapshot).flatMap(({ about, ok }) => ok === false ? [about] : []);
    return [wrong, diagnose("open", snapshot).map(({ about }) => about)[0]];
  };
  assert.deepEqual(found("read-only"), [["folder"], "read-only"]);
  assert.deepEqual(found("no-folder"), [["folder"], "games-dir"]);
  assert.deepEqual(found("more-folder-gone"), [["folder"], "more-games-dir"]);
  assert.deepEqual(found("no-network"), [["network"], "no-address"]);
  assert.deepEqual(found("multicast-blocked"), [["discovery"], "discovery"]);
  assert.deepEqual(found("slow-clock"), [["clock"], "clock"]);
  assert.deepEqual(found("nearly-full"), [["space"], "low-space"]);
});

Deno.test("every folder that cannot be used is named, and one that can is not", () => {
  const named = (snapshot: Snapshot) =>
    checks(snapshot).flatMap((check) =>
      check.about === "folder" ? check.troubles.map(({ path }) => path) : []
    );
  const gone = SCENARIOS["more-folder-gone"]().snapshot;
  const further = ["/media/juno/SSD/games", "/media/juno/Stick/older games"];
  assert.deepEqual(named(gone), further);
  const { health } = SCENARIOS["read-only"]().snapshot;
  assert.deepEqual(named({ ...gone, health }), ["/home/juno/lan/games", ...further]);
  assert.deepEqual(named(SCENARIOS["no-folder"]().snapshot), ["/media/juno/SSD/games"]);
  assert.deepEqual(named(party()), []);
});

Deno.test("no two findings pass for each other, also where several folders are gone", () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const keys = diagnose("open", scenario().snapshot).map(keyOf);
    assert.deepEqual(keys, [...new Set(keys)], name);
  }
});

Deno.test("of two clocks nobody is said to have the wrong one", () => {
  const { health } = party();
  const two = { ...health, clock: { state: "differs" as const, peers: 1, ahead_min: -9 } };
  assert.equal(marks({ ...party(), health: two }).clock, false);
  assert.ok(diagnose("open", { ...party(), health: two }).every(({ about }) => about !== "clock"));
});

Deno.test("an archive that could not be unpacked shows until another one could", () => {
  const ended = (number: number, failed: boolean): Finished => ({
    number,
    at_ms: 0,
    id: "a",
    kind: "install",
    outcome: failed
      ? { result: "failed", kind: "archive", message: "" }
      : { result: "finished", bytes: 1, elapsed_ms: 1, sources: [], notes: [] },
  });
  const bad = { ...party(), finished: [ended(1, false), ended(2, true)] };
  assert.equal(marks(bad).unpacker, false);
  assert.equal(marks({ ...bad, finished: [...bad.finished, ended(3, false)] }).unpacker, true);
});

Deno.test("what stands in the way is told where it does, and nowhere else", () => {
  const findings = diagnose("open", SCENARIOS["read-only"]().snapshot);
  assert.equal(inTheWay(findings, "library")?.about, "read-only");
  assert.equal(inTheWay(findings, "transfers")?.about, "read-only");
  for (const tab of ["party", "help", "settings", "logs"] as const) {
    assert.equal(inTheWay(findings, tab), null);
  }
  assert.equal(inTheWay(diagnose("open", party()), "library"), null);
});

Deno.test("the report counts adapters and says how the folder stands, and names neither", () => {
  const { snapshot } = SCENARIOS["read-only"]();
  const text = report("open", snapshot, new Date(0));
  assert.match(text, /folder: read-only/);
  assert.match(text, /adapters: .*network offered 1.*virtual offered 1/);
  for (const { name } of snapshot.health.adapters) assert.ok(!text.includes(name), name);
  assert.ok(!text.includes("/home/juno"));
});
