// A desktop without a screen: a display, frames for windows, a bus for what programs of one user tell each other,
// a home.
//
// Invariant: everything that was started here is gone and the home removed when it ends, and nothing of the real
// home is read or written.

import { until } from "./webdriver.ts";

/** A desktop that runs. */
export class Desktop {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly #processes: Deno.ChildProcess[];
  #frames: Deno.ChildProcess | null = null;

  private constructor(
    home: string,
    env: Record<string, string>,
    processes: Deno.ChildProcess[],
  ) {
    this.home = home;
    this.env = env;
    this.#processes = processes;
  }

  /** Starts one. */
  static async start(): Promise<Desktop> {
    const home = Deno.makeTempDirSync({ prefix: "lanspread-window-" });
    Deno.mkdirSync(`${home}/run`, { mode: 0o700 });
    const screen = await Told.start("Xvfb", [
      ...["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
      // Else it would begin anew, and throw out whoever just comes, each time that the last program leaves.
      "-noreset",
    ], {});
    const display = `:${screen.line}`;
    const own = { HOME: home, DISPLAY: display, XDG_RUNTIME_DIR: `${home}/run` };
    const bus = await Told.start(
      "dbus-daemon",
      ["--session", "--nofork", "--print-address=1"],
      own,
    );
    const env = {
      ...own,
      DBUS_SESSION_BUS_ADDRESS: bus.line,
      XDG_CONFIG_HOME: `${home}/.config`,
      XDG_DATA_HOME: `${home}/.local/share`,
      XDG_CACHE_HOME: `${home}/.cache`,
      LANG: "C.UTF-8",
      // What speaks to people with other senses has no bus here, and would only say so.
      NO_AT_BRIDGE: "1",
    };
    const desktop = new Desktop(home, env, [screen.process, bus.process]);
    try {
      await desktop.#frame();
    } catch (error) {
      await desktop.end();
      throw error;
    }
    return desktop;
  }

  /** Puts frames around windows, each as large as the screen. */
  async #frame(): Promise<void> {
    this.#frames = new Deno.Command("matchbox-window-manager", {
      env: this.env,
      stdout: "null",
      stderr: "null",
    }).spawn();
    // It has begun once it can be asked.
    await until("frames for windows", async () => (await this.run("wmctrl", ["-m"])) !== "");
  }

  async #unframe(): Promise<void> {
    this.#frames?.kill("SIGTERM");
    await this.#frames?.status;
    this.#frames = null;
  }

  /** Does something while no frame holds a window, so that each stands where it wants to. */
  async unframed<T>(work: () => Promise<T>): Promise<T> {
    await this.#unframe();
    const done = await work();
    await this.#frame();
    return done;
  }

  /** Whether a window of this title is shown. */
  async shows(title: string): Promise<boolean> {
    return await this.count(title) > 0;
  }

  /** How many windows of this title are shown. */
  async count(title: string): Promise<number> {
    const lines = (await this.run("wmctrl", ["-l"])).split("\n");
    return lines.filter((line) => line.endsWith(` ${title}`)).length;
  }

  /** Closes a window as the button on its frame does. */
  async close(title: string): Promise<void> {
    await until(`a window ${title}`, () => this.shows(title));
    await this.run("wmctrl", ["-F", "-c", title]);
  }

  /** Every process of a program on this desktop, by its number. */
  async running(binary: string): Promise<number[]> {
    const found: number[] = [];
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const isIt = Deno.readLinkSync(`/proc/${name}/exe`) === binary;
        const environment = Deno.readTextFileSync(`/proc/${name}/environ`);
        if (isIt && environment.includes(`HOME=${this.home}\0`)) found.push(Number(name));
      } catch { /* it is gone, or somebody else's */ }
    }
    return found;
  }

  /** Listens to what programs ask of this interface on the bus, from here on. */
  async listen(asked: string): Promise<Listening> {
    const listening = new Listening(
      new Deno.Command("dbus-monitor", {
        args: ["--session", `type='method_call',interface='${asked}'`],
        env: this.env,
        stdout: "piped",
        stderr: "null",
      }).spawn(),
    );
    // Whoever hears what others say has no name any more.
    await listening.hears("member=NameLost");
    return listening;
  }

  /** Runs a program to its end and gives what it said. */
  async run(program: string, args: string[]): Promise<string> {
    const run = new Deno.Command(program, { args, env: this.env, stdout: "piped", stderr: "null" });
    return new TextDecoder().decode((await run.output()).stdout);
  }

  /** Ends everything. */
  async end(): Promise<void> {
    await this.#unframe();
    for (const process of [...this.#processes].reverse()) {
      try {
        process.kill("SIGTERM");
      } catch { /* it has ended */ }
      await process.status;
    }
    Deno.removeSync(this.home, { recursive: true });
  }
}

/** A process that writes what it hears. */
export class Listening {
  #heard = "";
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of this.#process.stdout) {
      this.#heard += decoder.decode(part, { stream: true });
    }
  }

  /** Waits until these words were heard. */
  async hears(words: string): Promise<void> {
    await until(words, () => this.#heard.includes(words));
  }

  /** Stops. */
  async end(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#reading;
    await this.#process.status;
  }
}

/** A process, and the first line that it wrote. */
class Told {
  constructor(readonly process: Deno.ChildProcess, readonly line: string) {}

  static async start(program: string, args: string[], env: Record<string, string>): Promise<Told> {
    const process = new Deno.Command(program, { args, env, stdout: "piped", stderr: "null" })
      .spawn();
    const reader = process.stdout.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${program} ended before it was ready`);
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
    return new Told(process, text.split("\n")[0] ?? "");
  }
}
