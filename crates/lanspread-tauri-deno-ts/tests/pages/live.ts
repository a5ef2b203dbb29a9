// Plays a peer for the build that peers serve, over a real socket, and looks at what the page makes of it.
//
// Invariant: it speaks the interface and nothing else; what it tests is the page as it is shipped, under
// its policy, with connections that break.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import type { Command, Update } from "../../src/api/types.ts";
import { SCENARIOS } from "../../src/api/mock/scenarios.ts";
import { ARGUMENTS, finish } from "./browser.ts";
import { serve } from "./server.ts";

const TOKEN = "a-token-of-the-party";
const BUSY = { kind: "busy", message: "it is being installed; wait for that or cancel it" };

/** The peer that is played: one page at a time. */
class PlayedPeer {
  socket: WebSocket | null = null;
  connections = 0;
  commands: Command[] = [];
  protocols: string | null = null;
  authorization: string | null = null;

  answer(request: Request): Response | null {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/live") return this.#live(request);
    if (!pathname.startsWith("/api/games/")) return null;
    this.authorization = request.headers.get("authorization");
    const id = decodeURIComponent(pathname.slice("/api/games/".length));
    return Response.json({
      id,
      publisher: "Somebody",
      release: "2024",
      descriptions: { en: "Told by the peer." },
      offers: [],
      manifest: null,
      pinned: null,
    });
  }

  says(update: Update): void {
    this.socket?.send(JSON.stringify(update));
  }

  #live(request: Request): Response {
    this.protocols = request.headers.get("sec-websocket-protocol");
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "lanspread" });
    this.socket = socket;
    this.connections += 1;
    socket.onopen = () =>
      this.says({
        type: "snapshot",
        sequence: 1,
        seat: "elsewhere",
        snapshot: SCENARIOS.party().snapshot,
      });
    socket.onmessage = ({ data }) => {
      const { seq, ...command } = JSON.parse(data) as { seq: number } & Command;
      this.commands.push(command as Command);
      socket.send(JSON.stringify({ type: "result", seq, ok: false, error: BUSY }));
    };
    return response;
  }
}

const peer = new PlayedPeer();
const served = serve("dist", (request) => peer.answer(request));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
const errors: string[] = [];
try {
  const page = await browser.newPage({ locale: "en" });
  page.setDefaultTimeout(10_000);
  page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
  page.on("pageerror", (error) => errors.push(error.message));

  await page.goto(`${served.origin}/#token=${TOKEN}`);
  await page.getByText("6 peers · 24 games").waitFor();
  assert.equal(peer.protocols, `lanspread, ${TOKEN}`);
  assert.ok(!page.url().includes(TOKEN));
  console.log("ok    the token opens the connection and is gone from the address");

  peer.says({ type: "patch", sequence: 2, patch: { peers: [] } });
  await page.getByText("0 peers · 24 games").waitFor();
  console.log("ok    a patch is shown");

  await page.getByRole("button", { name: /^Get it.*AssaultCube/ }).click();
  await page.getByText("Something else is running on this game").waitFor();
  await page.getByText(BUSY.message).waitFor();
  assert.deepEqual(peer.commands, [{ cmd: "queue", id: "assaultcube" }]);
  console.log("ok    a command is sent once, and its refusal is shown");

  await page.getByRole("button", { name: "AssaultCube", exact: true }).click();
  await page.getByText("Told by the peer.").waitFor();
  assert.equal(peer.authorization, `Bearer ${TOKEN}`);
  await page.keyboard.press("Escape");
  console.log("ok    details are asked for with the token");

  peer.says({ type: "patch", sequence: 9, patch: { playing: true } });
  await page.getByText("6 peers · 24 games").waitFor();
  assert.equal(peer.connections, 2);
  console.log("ok    after a gap the page connects anew and shows the whole state");

  peer.socket?.close();
  await page.getByText("The connection to Lanspread is lost").waitFor();
  await page.getByText("The connection to Lanspread is lost").waitFor({ state: "detached" });
  assert.equal(peer.connections, 3);
  console.log("ok    a lost connection is said, and made again");

  await page.reload();
  await page.getByText("6 peers · 24 games").waitFor();
  assert.equal(peer.protocols, `lanspread, ${TOKEN}`);
  console.log("ok    a reload keeps the token");
} catch (error) {
  errors.push(error instanceof Error ? error.message : String(error));
} finally {
  await browser.close();
  await served.close();
}
finish(errors, errors.length === 0 ? "7 passed, 0 failed" : "the page did not do as it should");
