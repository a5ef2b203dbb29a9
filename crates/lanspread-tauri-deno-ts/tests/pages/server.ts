// Serves a build on the loopback interface, under the policy that a peer serves it with.
//
// Invariant: whatever the page would load from elsewhere is refused by the browser, as it would be at a
// party.

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** A build that is served. */
export interface Served {
  origin: string;
  close(): Promise<void>;
}

/** Serves the files of a folder, and before them whatever else is answered. */
export function serve(
  folder: string,
  first: (request: Request) => Response | null = () => null,
): Served {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return first(request) ?? answer(folder, new URL(request.url).pathname);
  });
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    close: () => server.shutdown(),
  };
}

async function answer(folder: string, path: string): Promise<Response> {
  const name = path === "/" ? "/index.html" : path;
  if (name.includes("..")) return new Response(null, { status: 404 });
  try {
    const body = await Deno.readFile(folder + name);
    const extension = name.slice(name.lastIndexOf(".") + 1);
    return new Response(body, {
      headers: {
        "content-type": TYPES[extension] ?? "application/octet-stream",
        "content-security-policy": "default-src 'self'",
        "cache-control": "no-store",
      },
    });
  } catch {
    return new Response(null, { status: 404 });
  }
}
