// A window that is driven as a person would: the W3C protocol, spoken to the driver of the system's browser engine.
//
// Invariant: nothing is waited for by time alone; a wait that is too long says what it waited for and what was there.

/** How long anything may take, also on a machine that is busy with other things. */
const PATIENCE_MS = 90_000;
/** How often is looked. */
const LOOK_MS = 100;
/** How long a click may take to come to its place. */
const ARRIVAL_MS = 2_000;

/** Where pictures go. */
export const PICTURES = "screenshots";

/** The name of an element's id in answers. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

type Answer = { value: unknown };

/** Where a window stands, and how large it is. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Waits until something is there. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether there is such a file. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The driver, a process of its own. */
export class Driver {
  readonly #process: Deno.ChildProcess;
  readonly #origin: string;

  private constructor(process: Deno.ChildProcess, origin: string) {
    this.#process = process;
    this.#origin = origin;
  }

  /** Starts the driver; the window's program gets the same environment from it. */
  static async start(env: Record<string, string>): Promise<Driver> {
    const port = freePort();
    const process = new Deno.Command("WebKitWebDriver", {
      args: [`--port=${port}`, "--host=127.0.0.1"],
      env: { ...env, TAURI_WEBVIEW_AUTOMATION: "true" },
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const driver = new Driver(process, `http://127.0.0.1:${port}`);
    await until("the driver", () => driver.#ask("GET", "/status").then(() => true, () => false));
    return driver;
  }

  /** Starts the program, and gives its window. */
  async open(binary: string, args: string[]): Promise<Window> {
    const capabilities = {
      alwaysMatch: { "webkitgtk:browserOptions": { binary, args } },
    };
    const { sessionId } = await this.#ask("POST", "/session", { capabilities }) as {
      sessionId: string;
    };
    return new Window((method, path, body) =>
      this.#ask(method, `/session/${sessionId}${path}`, body)
    );
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.#origin + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    const { value } = await answer.json() as Answer;
    if (answer.ok) return value;
    const { error, message } = value as { error: string; message: string };
    throw new Error(`${method} ${path}: ${error}: ${message}`);
  }

  /** Ends the driver. */
  async end(): Promise<void> {
    try {
      this.#process.kill("SIGTERM");
    } catch { /* it has ended */ }
    await this.#process.status;
  }
}

/** What a window shows. Places in it are named by XPath. */
export class Window {
  readonly #ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  #clicks = 0;

  constructor(ask: (method: string, path: string, body?: unknown) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Waits for a place that can be seen. */
  async see(xpath: string): Promise<string> {
    const look = async () => {
      const found = await this.#find(xpath);
      return found !== null && await this.#ask("GET", `/element/${found}/displayed`) === true
        ? found
        : null;
    };
    try {
      // Between two questions the place may be drawn anew, and is then looked for again.
      return await until(xpath, () => look().catch(() => null));
    } catch (error) {
      throw new Error(`${error}; the window shows:\n${await this.text().catch(String)}`);
    }
  }

  /** Waits until no such place is there. */
  async unsee(xpath: string): Promise<void> {
    await until(`the end of ${xpath}`, async () => await this.#find(xpath) === null);
  }

  /** Clicks on a place, when it can be seen; again where the click did not come to it, since it had just moved. */
  async click(xpath: string): Promise<void> {
    await until(`a click on ${xpath}`, async () => {
      const found = await this.see(xpath);
      return await this.#clicked(found).catch(() => false);
    });
  }

  async #clicked(found: string): Promise<boolean> {
    // Where an earlier click should have come to, that one is still awaited.
    this.#clicks += 1;
    const listen =
      `arguments[0].addEventListener("click", () => globalThis.clicked = ${this.#clicks}, { capture: true });`;
    await this.run(listen, { [ELEMENT]: found });
    const told = this.#ask("POST", `/element/${found}/click`, {});
    const isTold = await told.then(() => true, () => false);
    // A click that takes the document away is told, and nothing is left to ask.
    const arrived = await this.later(`
      const deadline = Date.now() + ${ARRIVAL_MS};
      const arrived = () => globalThis.clicked === ${this.#clicks};
      while (!arrived() && Date.now() < deadline) {
        await new Promise((looked) => setTimeout(looked, ${LOOK_MS / 10}));
      }
      return arrived();
    `).catch(() => isTold);
    return arrived === true;
  }

  /** Puts a text into a field instead of what stands there. */
  async type(xpath: string, text: string): Promise<void> {
    const found = await this.see(xpath);
    await this.#ask("POST", `/element/${found}/clear`, {});
    await this.#ask("POST", `/element/${found}/value`, { text });
  }

  /** What stands in a place. */
  async read(xpath: string): Promise<string> {
    const found = await this.see(xpath);
    return await this.#ask("GET", `/element/${found}/text`) as string;
  }

  /** What stands in the whole window. */
  async text(): Promise<string> {
    return await this.run("return document.body.innerText") as string;
  }

  /** Runs a script in the window. */
  run(script: string, ...args: unknown[]): Promise<unknown> {
    return this.#ask("POST", "/execute/sync", { script, args });
  }

  /** Runs a script in the window and waits for what it promises. */
  async later(script: string): Promise<unknown> {
    const waiting = `const done = arguments[0];
      const told = (error) => error.message ?? String(error);
      (async () => { ${script} })()
        .then((value) => done({ value }), (error) => done({ error: told(error) }));`;
    const answer = await this.#ask("POST", "/execute/async", { script: waiting, args: [] });
    const { value, error } = answer as { value?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${script}: ${error}`);
    return value;
  }

  /** Calls one of the program's commands, as the page does. */
  call(name: string, fields: Record<string, unknown>): Promise<unknown> {
    const [what, which] = [name, fields].map((part) => JSON.stringify(part));
    return this.later(`return globalThis.__TAURI_INTERNALS__.invoke(${what}, ${which});`);
  }

  /** Where it stands. */
  async place(): Promise<Place> {
    return await this.#ask("GET", "/window/rect") as Place;
  }

  /** Puts it somewhere else, as somebody who pulls at its frame. */
  async move(place: Place): Promise<void> {
    await this.#ask("POST", "/window/rect", place);
  }

  /** Has the driver forget a window that is gone: it drives one at a time. */
  async end(): Promise<void> {
    await this.#ask("DELETE", "");
  }

  /** Makes a picture, for people to look at. */
  async picture(name: string): Promise<void> {
    // What is in the document is on the screen one picture later.
    await this.later(
      "await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))",
    );
    const png = await this.#ask("GET", "/screenshot") as string;
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    Deno.mkdirSync(PICTURES, { recursive: true });
    Deno.writeFileSync(`${PICTURES}/window-${name}.png`, bytes);
  }

  async #find(xpath: string): Promise<string | null> {
    const found = await this.#ask("POST", "/elements", { using: "xpath", value: xpath });
    return (found as Record<string, string>[])[0]?.[ELEMENT] ?? null;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
