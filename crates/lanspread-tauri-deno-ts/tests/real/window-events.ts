// What the window's program tells as events, heard as a page hears them.
//
// Invariant: an event counts only if it came after somebody began to listen, and only by its own name.

import { until, type Window } from "./webdriver.ts";

/** What a window has heard. */
const HEARD = "globalThis.heardByTheTest";

/** Listens for events of these names from here on; what is given waits until each of them came. */
export async function listenFor(window: Window, names: string[]): Promise<() => Promise<void>> {
  await window.later(`
    ${HEARD} = [];
    const { invoke, transformCallback } = globalThis.__TAURI_INTERNALS__;
    const handler = transformCallback(({ event }) => ${HEARD}.push(event));
    const listen = (event) =>
      invoke("plugin:event|listen", { event, target: { kind: "Any" }, handler });
    await Promise.all(${JSON.stringify(names)}.map(listen));
  `);
  return async () => {
    for (const name of names) {
      const came = async () => (await window.run(`return ${HEARD}`) as string[]).includes(name);
      await until(`the event ${name}`, came);
    }
  };
}
