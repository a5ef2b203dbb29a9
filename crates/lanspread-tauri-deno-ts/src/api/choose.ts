// Which shell this page has.
//
// Invariant: this is the only place that decides it. A build for a peer is made with `__MOCK__` false,
// and then the mock is no part of it.

import { isTauri } from "@tauri-apps/api/core";
import { defaults, type Language, loadPreferences, savePreferences } from "../state/preferences.ts";
import type { Shell } from "./shell.ts";
import { webShell } from "./web.ts";

declare const __MOCK__: boolean;

/** The shell of this page; `null` if it shows the list of the mock's scenarios instead. */
export async function chooseShell(): Promise<Shell | null> {
  if (isTauri()) return (await import("./tauri.ts")).tauriShell();
  if (!__MOCK__) return webShell();
  const { asked, mockShell, showScenarios } = await import("./mock/mock.ts");
  const { scenario, language } = asked(location.search);
  if (language !== null) prefer(language);
  if (scenario !== null) return mockShell(scenario);
  showScenarios();
  return null;
}

/** The language as if it had been chosen here, since a guest's page asks nobody else for it. */
function prefer(language: Language): void {
  const preferences = loadPreferences(localStorage, defaults(navigator.languages));
  savePreferences(localStorage, { ...preferences, language });
}
