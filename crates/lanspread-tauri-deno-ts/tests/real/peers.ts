// Real peers for the checks of the page: the program itself, on loopback, with games of its own.
//
// Invariant: every peer that was started is gone and every folder removed when a check ends, however it
// ends.

/** How long anything here may take. */
const PATIENCE_MS = 30_000;

/** A peer that runs. */
export interface Peer {
  /** Where others reach it. */
  address: string;
  /** Where its page is, if it serves one. */
  page: string | null;
  games: string;
  end(): Promise<void>;
}

/** Which peer is started. */
export interface Wanted {
  name: string;
  options?: string[];
}

/** Starts peers below a folder of their own. */
export class Party {
  readonly #binary: string;
  readonly #folder: string;
  readonly #peers = new Set<Peer>();

  constructor(binary: string) {
    this.#binary = binary;
    this.#folder = Deno.makeTempDirSync({ prefix: "lanspread-page-" });
  }

  /** The folder of games of a peer that may not run yet. */
  games(name: string): string {
    const folder = `${this.#folder}/${name}/games`;
    Deno.mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Puts a game there whose archive holds one file of so many bytes that nobody else has. */
  async addGame(name: string, id: string, bytes: number): Promise<void> {
    const root = `${this.games(name)}/${id}`;
    const packed = `${this.#folder}/packed`;
    Deno.mkdirSync(root, { recursive: true });
    Deno.mkdirSync(packed, { recursive: true });
    const block = 65_536;
    using file = Deno.openSync(`${packed}/board.bin`, {
      create: true,
      write: true,
      truncate: true,
    });
    for (let at = 0; at < bytes; at += block) {
      const part = crypto.getRandomValues(new Uint8Array(Math.min(block, bytes - at)));
      file.writeSync(part);
    }
    const tar = new Deno.Command("tar", {
      args: ["-cf", `${root}/${id}.eti`, "-C", packed, "board.bin"],
    });
    const { success } = await tar.output();
    if (!success) throw new Error(`tar could not pack ${id}`);
    // Last, as it says that everything else is there.
    Deno.writeTextFileSync(`${root}/version.ini`, "20240101\n");
  }

  /** Starts a peer and waits until it takes part. */
  async start({ name, options = [] }: Wanted): Promise<Peer> {
    const games = this.games(name);
    const process = new Deno.Command(this.#binary, {
      args: [
        "serve",
        ...["--name", name, "--listen", "127.0.0.1", "--games-dir", games],
        ...["--state-dir", `${this.#folder}/${name}/state`],
        ...options,
      ],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const told = new Told(process.stdout);
    const address = await told.match(/listening on ([\d.]+:\d+)/);
    const wantsPage = options.some((option) => option.startsWith("--web"));
    const page = wantsPage ? await told.match(/The page is at (\S+)/) : null;
    told.forget();
    const peer: Peer = {
      address,
      page,
      games,
      end: async () => {
        if (!this.#peers.delete(peer)) return;
        process.kill("SIGTERM");
        await process.status;
      },
    };
    this.#peers.add(peer);
    return peer;
  }

  /** Has a peer that runs say something, as its user would at a terminal. */
  async say(name: string, text: string): Promise<void> {
    const state = `${this.#folder}/${name}/state`;
    const command = new Deno.Command(this.#binary, {
      args: ["say", text, "--games-dir", this.games(name), "--state-dir", state],
      stdout: "null",
    });
    const { success } = await command.output();
    if (!success) throw new Error(`${name} could not say ${text}`);
  }

  /** Ends every peer and removes every folder. */
  async end(): Promise<void> {
    await Promise.all([...this.#peers].map((peer) => peer.end()));
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** What a peer tells on its standard output. */
class Told {
  #text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Reads until something is told, and gives the first group of it. */
  async match(pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!deadline.aborted) {
      const found = this.#text.match(pattern)?.[1];
      if (found !== undefined) return found;
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    throw new Error(`the peer did not tell ${pattern}; it told:\n${this.#text}`);
  }

  /** Reads on without looking, so that the peer never waits for a reader. */
  forget(): void {
    const drain = async () => {
      while (!(await this.#reader.read()).done) { /* it is not looked at */ }
    };
    void drain();
  }
}
