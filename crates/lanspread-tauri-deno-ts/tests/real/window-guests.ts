// Guests of the window: a browser on another machine opens its page while they are let in.
//
// Invariant: nothing is asked here with a token, which nobody has.

import { until, type Window } from "./webdriver.ts";

/** The switch opens the page to guests and to nobody else, and closes it. */
export async function letsGuestsIn(window: Window): Promise<void> {
  await window.run(`location.hash = "#/settings"`);
  const guests = "//label[contains(.,'Let guests in')]//input[@role='switch']";
  await window.click(guests);
  const link = await until("the address for guests", async () => {
    const text = await window.text();
    return text.match(/http:\/\/[\d.]+:\d+\//)?.[0];
  });
  await window.run(`document.querySelector(".squares").scrollIntoView({ block: "center" })`);
  await window.picture("guests");
  const seat = await (await fetch(`${link}api/seat`)).json();
  const page = await (await fetch(link)).text();
  const log = await fetch(`${link}api/log`);
  await log.body?.cancel();
  if (seat !== "guest" || !page.includes("<title>Lanspread") || log.status !== 403) {
    throw new Error(`a guest finds ${seat}, ${log.status} and ${page}`);
  }
  await window.click(guests);
  await until("the page to be closed", () => fetch(link).then(isOpen, () => true));
  await window.run(`location.hash = "#/library"`);
}

async function isOpen(answer: Response): Promise<boolean> {
  await answer.body?.cancel();
  return false;
}
