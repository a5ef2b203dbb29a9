// The page: provides what all parts use, and shows the part that the address names.
//
// Invariant: preferences, the evening's games and what was read are kept in this browser and nowhere else; only the
// language follows the peer, where there is one that keeps the user's.

import { useMemo, useState, useSyncExternalStore } from "react";
import type { Shell } from "../api/shell.ts";
import { TEXTS } from "../i18n/texts.ts";
import { loadChosen, saveChosen } from "../state/evening.ts";
import { formats } from "../state/format.ts";
import { loadRead, readAll, saveRead } from "../state/messages.ts";
import {
  defaults,
  loadPreferences,
  type Preferences,
  savePreferences,
} from "../state/preferences.ts";
import { spoken } from "../state/language.ts";
import { formatRoute } from "../state/route.ts";
import type { Store } from "../state/store.ts";
import { go, useRoute } from "../ui/address.ts";
import { type App, AppContext } from "../ui/context.ts";
import { useLooks } from "../ui/looks.ts";
import { Begin } from "./begin.tsx";

export function Page({ shell, store }: { shell: Shell; store: Store }) {
  const [kept, setKept] = useState(() =>
    loadPreferences(localStorage, defaults(navigator.languages))
  );
  const language = useSyncExternalStore(
    store.subscribe,
    () => spoken(store.view().known, kept.language),
  );
  const preferences = useMemo(() => ({ ...kept, language }), [kept, language]);
  const [evening, setEvening] = useState(() => loadChosen(localStorage));
  const [read, setRead] = useState(() => loadRead(localStorage));
  const route = useRoute();
  useLooks(preferences);

  const choose = (change: Partial<Preferences>) => {
    const next = { ...kept, ...change };
    savePreferences(localStorage, next);
    setKept(next);
  };
  const format = useMemo(() => formats(language), [language]);
  const app: App = {
    shell,
    store,
    texts: TEXTS[language],
    format,
    preferences,
    choose,
    route,
    go,
    href: (change) => formatRoute({ ...route, ...change }),
    evening,
    decideEvening: (chosen) => {
      saveChosen(localStorage, chosen);
      setEvening(chosen);
    },
    read,
    readMessages: () => {
      const next = readAll(store.view().known?.snapshot.messages ?? [], read);
      if (next === read) return;
      saveRead(localStorage, next);
      setRead(next);
    },
  };
  return (
    <AppContext value={app}>
      <Begin />
    </AppContext>
  );
}
