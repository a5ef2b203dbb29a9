// Folders of games: one that is dragged onto the window, as a file manager does it, and one whose disk is not there.
//
// Invariant: nothing changes before somebody says so, and the question names the folder; nothing is made in the
// place of a folder that is awaited.

import { until, type Window } from "./webdriver.ts";
import type { Terminal } from "./window-control.ts";
import type { Desktop } from "./window-desktop.ts";

/** A window, and the folder that comes. */
interface Dragged {
  desktop: Desktop;
  window: Window;
  terminal: Terminal;
  /** The program that drags. */
  binary: string;
  /** The title of the window. */
  title: string;
}

/** A folder that is dropped is asked about, and used only when somebody says so. */
export async function takesAFolder(dragged: Dragged): Promise<void> {
  const { desktop, window, terminal, binary, title } = dragged;
  const folder = `${desktop.home}/other games ö`;
  Deno.mkdirSync(folder);
  const question = `//dialog[contains(.,'${folder}')]`;
  const answers = async (words: string) => {
    await drag(desktop, binary, [title, folder]);
    await window.click(`${question}//button[normalize-space()='${words}']`);
    await window.unsee(question);
  };
  const isUsed = async () => (await terminal.say("status")).includes(folder);

  await answers("Leave it");
  if (await isUsed()) throw new Error("the folder is used although nobody wanted it");
  await answers("Add this folder");
  await until("the folder to be used", isUsed);
  await window.call("update_more_game_directories", { paths: [] });
  await until("the folder to be off the list", async () => !(await isUsed()));
}

/** The peer starts without the disk that its games are on, says so, and has them when it is there. */
export async function awaitsItsFolder(window: Window, games: string, card: string): Promise<void> {
  const away = `${games} away`;
  Deno.renameSync(games, away);
  await window.call("restart", {});
  const notice = "//*[contains(text(),'The games folder cannot be used')]";
  await window.see(notice);
  await window.picture("folder-away");
  try {
    Deno.renameSync(away, games);
  } catch (error) {
    throw new Error("something was made in the place of the folder", { cause: error });
  }
  await window.see(`${card}//*[contains(.,'Ready to play')]`);
  // What stands below the notice moves when it goes, also from under a click.
  await window.unsee(notice);
}

async function drag(desktop: Desktop, binary: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(binary, { args, env: desktop.env }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
