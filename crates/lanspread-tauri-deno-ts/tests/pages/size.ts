// Says how large a build is as it travels, and holds it to a limit.
//
// Invariant: everything that the page loads at a party is counted, each file packed by itself.

const FOLDER = "dist";
const TOTAL_MAX_BYTES = 160 * 1024;

async function packedBytes(path: string): Promise<number> {
  const file = await Deno.open(path, { read: true });
  let bytes = 0;
  for await (const part of file.readable.pipeThrough(new CompressionStream("gzip"))) {
    bytes += part.byteLength;
  }
  return bytes;
}

async function* files(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* files(path);
    else yield path;
  }
}

let total = 0;
for await (const path of files(FOLDER)) {
  const bytes = await packedBytes(path);
  total += bytes;
  console.log(`${(bytes / 1024).toFixed(1).padStart(8)} KiB  ${path}`);
}
console.log(
  `${(total / 1024).toFixed(1).padStart(8)} KiB  together, of at most ${TOTAL_MAX_BYTES / 1024}`,
);
if (total > TOTAL_MAX_BYTES) Deno.exit(1);
