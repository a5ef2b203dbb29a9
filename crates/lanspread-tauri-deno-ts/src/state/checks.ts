// What of this machine was looked at, and whether it is well.
//
// Invariant: `null` is "not known", and never shown as well. It does not know the words; the view has them.

import type {
  ClockCheck,
  FolderCheck,
  FolderProblem,
  NetworkAdapter,
  Snapshot,
} from "../api/types.ts";
import { gamesFolders, roomBytes } from "./folders.ts";
import { portOf } from "./names.ts";

/** Less than that is soon used up by whatever else is done on a PC. */
export const FREE_BYTES_LOW = 2 * 1024 ** 3;

/** A folder of games that cannot be used, and why. */
export interface FolderTrouble {
  path: string;
  problem: FolderProblem;
}

/** One thing that was looked at. */
export type Check =
  | { about: "discovery"; ok: boolean | null; state: Snapshot["me"]["discovery"] }
  | { about: "network"; ok: boolean | null; adapters: readonly NetworkAdapter[] }
  | { about: "port"; ok: boolean | null; port: string | null }
  | { about: "folder"; ok: boolean | null; troubles: readonly FolderTrouble[] }
  | { about: "space"; ok: boolean | null; freeBytes: number | null }
  | { about: "clock"; ok: boolean | null; clock: ClockCheck }
  | { about: "unpacker"; ok: boolean | null; formats: readonly string[] };

/** All of it, in the order in which it keeps other things from working. */
export function checks(snapshot: Snapshot): Check[] {
  const { me, health } = snapshot;
  const [first] = me.listen_addrs;
  const troubles = folderTroubles(snapshot);
  const freeBytes = roomBytes(me);
  return [
    {
      about: "network",
      ok: health.adapters.length === 0 ? null : !isWithoutNetwork(health.adapters),
      adapters: health.adapters,
    },
    {
      about: "port",
      ok: first === undefined ? null : true,
      port: first === undefined ? null : portOf(first),
    },
    {
      about: "discovery",
      ok: me.discovery.state === "starting" || me.discovery.state === "off"
        ? null
        : me.discovery.state === "works",
      state: me.discovery,
    },
    {
      about: "folder",
      ok: troubles.length > 0 ? false : isWritable(health.folder),
      troubles,
    },
    {
      about: "space",
      ok: freeBytes === null ? null : !isNearlyFull(freeBytes),
      freeBytes,
    },
    {
      about: "clock",
      ok: health.clock.state === "unknown" ? null : health.clock.state === "agrees",
      clock: health.clock,
    },
    { about: "unpacker", ok: lastUnpacked(snapshot), formats: health.archive_formats },
  ];
}

/** Whether nothing leads to another machine; what is not known yet is not said. */
export function isWithoutNetwork(adapters: readonly NetworkAdapter[]): boolean {
  return adapters.length > 0 &&
    !adapters.some(({ kind, addrs }) => kind !== "loopback" && addrs.length > 0);
}

/** Whether the disk with the games has little room left; where that is not known it is not said. */
export function isNearlyFull(freeBytes: number | null): boolean {
  return freeBytes !== null && freeBytes < FREE_BYTES_LOW;
}

/** The folder of games that cannot be written to, and why. */
export function unwritable(folder: FolderCheck): FolderTrouble | null {
  if (folder.state !== "read-only") return null;
  const { path, fault, message } = folder;
  return { path, problem: { fault, message } };
}

/** Whichever cannot be read, and the one that was found to take no writing. */
function folderTroubles({ me, health }: Snapshot): FolderTrouble[] {
  const kept = unwritable(health.folder);
  return gamesFolders(me).flatMap(({ path, problem }) => {
    const found = problem ?? (kept?.path === path ? kept.problem : null);
    return found === null ? [] : [{ path, problem: found }];
  });
}

function isWritable({ state }: FolderCheck): boolean | null {
  return state === "unknown" ? null : state === "writable";
}

/** Whether the archives that were unpacked last came out well; well if none were. */
function lastUnpacked({ finished }: Snapshot): boolean {
  const last = finished.findLast(({ kind }) => kind === "install");
  return last?.outcome.result !== "failed";
}
