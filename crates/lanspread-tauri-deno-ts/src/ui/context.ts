// What every part of the page may use: the store, the words, the formats, where the user is.
//
// Invariant: components read the state through `useView` and `usePart` only, so each is drawn anew when
// what it reads has changed, and never because something else did.

import { createContext, useContext, useSyncExternalStore } from "react";
import type { Shell } from "../api/shell.ts";
import type { Seat, Snapshot } from "../api/types.ts";
import type { Texts } from "../i18n/texts.ts";
import type { Known } from "../state/apply.ts";
import type { Chosen } from "../state/evening.ts";
import type { Formats } from "../state/format.ts";
import type { Read } from "../state/messages.ts";
import type { Preferences } from "../state/preferences.ts";
import type { Route } from "../state/route.ts";
import { type May, mayDo } from "../state/seat.ts";
import type { Store, View } from "../state/store.ts";

export interface App {
  shell: Shell;
  store: Store;
  texts: Texts;
  format: Formats;
  preferences: Preferences;
  choose(change: Partial<Preferences>): void;
  route: Route;
  go(change: Partial<Route>): void;
  /** The address of another place, for links. */
  href(change: Partial<Route>): string;
  /** The games that were chosen for this evening. */
  evening: Chosen;
  decideEvening(chosen: Chosen): void;
  /** The newest of what people say that was read. */
  read: Read;
  /** All that people said is read. */
  readMessages(): void;
}

export const AppContext = createContext<App | null>(null);

/** What the page offers to its parts. */
export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error("a part of the page stands outside of the page");
  return app;
}

/** A part of the view. The selector returns something that stays the same while nothing changed. */
export function useView<T>(select: (view: View) => T): T {
  const { store } = useApp();
  const read = () => select(store.view());
  return useSyncExternalStore(store.subscribe, read, read);
}

/** The whole snapshot, for parts that read most of it. They are drawn only once there is one. */
export function useSnapshot(): Snapshot {
  return useView(shown);
}

/** A part of the snapshot. */
export function usePart<Name extends keyof Snapshot>(name: Name): Snapshot[Name] {
  return useView((view) => shown(view)[name]);
}

/** From where the peer is seen. */
export function useSeat(): Seat {
  return useView((view) => known(view).seat);
}

/** What may be done from there. */
export function useMay(): May {
  const { shell } = useApp();
  return mayDo(useSeat(), shell.can);
}

function shown(view: View): Snapshot {
  return known(view).snapshot;
}

function known(view: View): Known {
  if (view.known === null) throw new Error("a view is drawn before there is a state to show");
  return view.known;
}
