// How much moves, and how the list of peers tells it beside what each machine is short of.

import assert from "node:assert/strict";
import type { Snapshot } from "../../src/api/types.ts";
import type { ScenarioName } from "../../src/api/mock/scenarios.ts";
import { traffic } from "../../src/state/traffic.ts";
import { PeerList } from "../../src/views/party/peer-list.tsx";
import { party } from "../support/games.ts";
import { render, wordsOf } from "../support/render.tsx";

Deno.test("traffic with a peer is the sum over what comes from it and goes to it", () => {
  const found = traffic(party());
  const [mara, tobi, pia] = party().peers;
  assert.deepEqual(found.get(mara!.peer_id), { from: 38 * 1024 * 1024, to: null, fetches: null });
  assert.equal(found.get(tobi!.peer_id)?.to, 31 * 1024 * 1024);
  assert.equal(found.get(pia!.peer_id)?.from, null);
});

Deno.test("a peer fetches what it says to get from others, and what is measured to go there from here", () => {
  const state = party();
  const [, tobi, pia] = state.peers;
  const mebibytes = (of: Snapshot, id: string) => (traffic(of).get(id)?.fetches ?? 0) / 1024 ** 2;
  assert.equal(mebibytes(state, pia!.peer_id), 42 + 17 + 12);
  assert.equal(mebibytes(state, tobi!.peer_id), 31);
  const unseen = traffic({ ...state, uploads: [], operations: [] });
  assert.deepEqual(unseen.get(pia!.peer_id), { from: null, to: null, fetches: 59 * 1024 ** 2 });
  assert.equal(unseen.get(tobi!.peer_id), undefined);
});

Deno.test("the list of peers says how much is fetched and how much of it from here, and what is short", () => {
  const list = (scenario: ScenarioName) => wordsOf(render(scenario, <PeerList />));
  const shown = list("party");
  assert.match(shown, /PixelPia .*fetches 71\.0.MiB\/s, 12\.0.MiB\/s of it from you/);
  assert.match(shown, /tobi .*fetches 31\.0.MiB\/s from you/);
  assert.match(shown, / den .*1\.5.GiB free.*little free space/);
  assert.equal(shown.match(/little free space/g)?.length, 1);
  assert.match(list("nearly-full"), /Juno you .*700.MiB free *little free space/);
  assert.match(list("no-folder"), /Juno you .*games folder cannot be read *Mara/);
  const guest = list("guest");
  assert.match(guest, /PixelPia .*fetches 71\.0.MiB\/s/);
  assert.doesNotMatch(guest, /you/);
});
