// Commands beside the window, as somebody types them into a terminal: without a single option.
//
// Invariant: the window shows what they do, and they find its peer where they look for one themselves.

import { connect } from "node:net";
import { until, type Window } from "./webdriver.ts";

/** The program for the terminal, with what surrounds the window. */
export class Terminal {
  readonly #binary: string;
  readonly #env: Record<string, string>;

  constructor(binary: string, env: Record<string, string>) {
    this.#binary = binary;
    this.#env = env;
  }

  /** Runs a command to its end and gives what it said. */
  async say(...words: string[]): Promise<string> {
    const { success, text } = await this.#run(words);
    if (!success) throw new Error(`lanspread ${words.join(" ")} failed:\n${text}`);
    return text;
  }

  /** Runs a command that has to fail and gives what it said. */
  async fails(...words: string[]): Promise<string> {
    const { success, text } = await this.#run(words);
    if (success) throw new Error(`lanspread ${words.join(" ")} did not fail:\n${text}`);
    return text;
  }

  /** Whether a command says this; one that fails says nothing. */
  async tells(pattern: RegExp, ...words: string[]): Promise<boolean> {
    const { success, text } = await this.#run(words);
    return success && pattern.test(text);
  }

  async #run(args: string[]): Promise<{ success: boolean; text: string }> {
    const command = new Deno.Command(this.#binary, { args, env: this.#env });
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
  }
}

/** A game that is fetched from the terminal, on its way. */
export interface Fetched {
  window: Window;
  terminal: Terminal;
  /** Its id. */
  id: string;
  /** Where the window shows it. */
  card: string;
}

/** What a command begins is seen in the window, and the other way round. */
export async function reachesTheWindow({ window, terminal, id, card }: Fetched): Promise<void> {
  expect(await terminal.say("list"), new RegExp(`^${id} .*on others`, "m"));
  const got = terminal.say("get", id);
  await Promise.race([window.see(`${card}//*[contains(.,'Downloading')]`), got]);
  expect(await got, /ready to play in /);
  await window.see(`${card}//*[contains(.,'Ready to play')]`);
  await window.run(`location.hash = "#/transfers"`);
  for (const to of ["on", "off"]) {
    await terminal.say("playing", to);
    await seesPlaying(window, to === "on");
  }
  await window.run(`location.hash = "#/library"`);
}

/** Waits until the switch in the window says whether somebody plays. */
export async function seesPlaying(window: Window, isPlaying: boolean): Promise<void> {
  await window.see("//main//input[@role='switch']");
  await until(`the switch to be ${isPlaying ? "on" : "off"}`, async () => {
    const isOn = await window.run(`return document.querySelector("main [role=switch]").checked`);
    return isOn === isPlaying;
  });
}

/** Also after its peer was started anew the window is reached, and it is told who is in the way. */
export async function staysReachable(window: Window, terminal: Terminal): Promise<void> {
  await window.call("restart", {});
  expect(await terminal.say("status"), /running for .*, in the window/);
  const refused = await terminal.fails("serve");
  expect(refused, /It is the window of Lanspread.*"Quit" in its tray/);
}

/** A program asks the window's peer to end, and the window ends with it. */
export async function endsWhenAsked(socket: string, window: Deno.ChildProcess): Promise<void> {
  let hasEnded = false;
  const ended = window.status.then(() => hasEnded = true);
  await until("the end of the window", async () => {
    // A socket that an earlier run left, or one whose peer is not there yet, is asked in vain.
    if (!hasEnded) await Promise.race([ask(socket), ended]);
    return hasEnded;
  });
}

/** An answer that takes longer does not come. */
const ANSWER_MS = 2_000;

/** Asks for the end, and waits until the line is closed. */
function ask(socket: string): Promise<void> {
  return new Promise((over) => {
    const client = connect(socket);
    client.on("error", () => over());
    client.on("close", () => over());
    client.setTimeout(ANSWER_MS, () => client.destroy());
    client.resume();
    client.write('{"cmd":"shutdown"}\n');
  });
}

function expect(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${pattern} is not in:\n${text}`);
}
