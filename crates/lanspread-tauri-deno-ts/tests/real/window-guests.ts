// Guests of the window: a browser on another machine opens its page while they are let in.
//
// Invariant: nothing is asked here with a token, which nobody has.

import { until, type Window } from "./webdriver.ts";

/** Where the page is, unless another program is there. */
const WEB_PORT = 5267;

/** Where guests are told to go. */
const ADDRESS = "//bdi[starts-with(.,'http://')]";
const SWITCH = "//label[contains(.,'Let guests in')]//input[@role='switch']";

/** The switch opens the page to guests and to nobody else, and closes it; also where its port is taken. */
export async function letsGuestsIn(window: Window): Promise<void> {
  await window.run(`location.hash = "#/settings"`);
  const other = Deno.listen({ hostname: "0.0.0.0", port: WEB_PORT });
  try {
    const link = await letIn(window);
    if (new URL(link).port === String(WEB_PORT)) throw new Error(`${link} is of another program`);
    await visits(link);
    await putOut(window, link);
  } finally {
    other.close();
  }
  const link = await letIn(window);
  await window.run(`document.querySelector(".squares").scrollIntoView({ block: "center" })`);
  await window.picture("guests");
  await visits(link);
  await putOut(window, link);
  await window.run(`location.hash = "#/library"`);
}

async function letIn(window: Window): Promise<string> {
  await window.click(SWITCH);
  return await window.read(ADDRESS);
}

async function visits(link: string): Promise<void> {
  const seat = await (await fetch(`${link}api/seat`)).json();
  const page = await (await fetch(link)).text();
  const log = await fetch(`${link}api/log`);
  await log.body?.cancel();
  if (seat !== "guest" || !page.includes("<title>Lanspread") || log.status !== 403) {
    throw new Error(`a guest finds ${seat}, ${log.status} and ${page}`);
  }
}

async function putOut(window: Window, link: string): Promise<void> {
  await window.click(SWITCH);
  await until("the page to be closed", () => fetch(link).then(isOpen, () => true));
  await window.unsee(ADDRESS);
}

async function isOpen(answer: Response): Promise<boolean> {
  await answer.body?.cancel();
  return false;
}
