// Draws a part of the page as text, without a browser.
//
// Invariant: what is drawn depends on the scenario and the route alone.

import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { mockShell } from "../../src/api/mock/mock.ts";
import type { ScenarioName } from "../../src/api/mock/scenarios.ts";
import { TEXTS } from "../../src/i18n/texts.ts";
import { formats } from "../../src/state/format.ts";
import { defaults, type Language } from "../../src/state/preferences.ts";
import { formatRoute, type Route, START } from "../../src/state/route.ts";
import { Store } from "../../src/state/store.ts";
import { type App, AppContext } from "../../src/ui/context.ts";

/** The markup of a part within a party that the mock plays. */
export function render(
  scenario: ScenarioName,
  part: ReactNode,
  language: Language = "en",
  place: Partial<Route> = {},
): string {
  const shell = mockShell(scenario);
  const store = new Store(shell);
  store.follow()();
  const route = { ...START, ...place };
  const app: App = {
    shell,
    store,
    texts: TEXTS[language],
    format: formats(language),
    preferences: defaults([language]),
    choose: () => {},
    route,
    go: () => {},
    href: (change) => formatRoute({ ...route, ...change }),
    evening: null,
    decideEvening: () => {},
    read: null,
    readMessages: () => {},
  };
  return renderToStaticMarkup(<AppContext value={app}>{part}</AppContext>);
}

/** What a reader sees of markup. */
export function wordsOf(markup: string): string {
  return markup.replace(/<[^>]+>/g, " ").replace(/&#x27;/g, "'").replace(/\s+/g, " ");
}
