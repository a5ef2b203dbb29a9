// The address after `#` as React sees it.
//
// Invariant: the address is the only place that says what the user looks at; this module keeps no copy.

import { useSyncExternalStore } from "react";
import { formatRoute, isStep, parseRoute, type Route } from "../state/route.ts";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}

/** The present route. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

/** Goes to another place. Only steps that Back should undo become entries of the history. */
export function go(change: Partial<Route>): void {
  const from = parseRoute(location.hash);
  const to = { ...from, ...change };
  if (isStep(from, to)) history.pushState(null, "", formatRoute(to));
  else history.replaceState(null, "", formatRoute(to));
  listeners.forEach((listener) => listener());
}
