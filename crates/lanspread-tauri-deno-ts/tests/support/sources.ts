// Walks through the files of the front end, for tests that check how they are written.
//
// Invariant: generated files are left out, since nobody writes them.

const GENERATED = ["src/api/types.ts"];
const ROOT = new URL("../../", import.meta.url).pathname;

export interface SourceFile {
  path: string;
  text: string;
}

/** Every file in a folder whose name ends in one of the endings. */
export async function* sources(
  folder: string,
  ...endings: string[]
): AsyncGenerator<SourceFile> {
  for await (const entry of Deno.readDir(ROOT + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path, ...endings);
    else if (endings.some((ending) => path.endsWith(ending)) && !GENERATED.includes(path)) {
      yield { path, text: await Deno.readTextFile(ROOT + path) };
    }
  }
}
