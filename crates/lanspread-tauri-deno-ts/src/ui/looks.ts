// Puts the chosen looks on the page.
//
// Invariant: the root element always says which theme is shown, never "as the system", so that the
// tokens need to know two themes and no more.

import { useEffect } from "react";
import type { Preferences, Theme } from "../state/preferences.ts";

const DARK = "(prefers-color-scheme: dark)";

/** Keeps language, theme and accent of the page as they were chosen. */
export function useLooks({ language, theme, accent }: Preferences): void {
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset.accent = accent;
  }, [language, accent]);

  useEffect(() => {
    const system = matchMedia(DARK);
    const show = () => {
      document.documentElement.dataset.theme = resolved(theme, system.matches);
    };
    show();
    system.addEventListener("change", show);
    return () => system.removeEventListener("change", show);
  }, [theme]);
}

function resolved(theme: Theme, systemIsDark: boolean): "dark" | "light" {
  if (theme === "system") return systemIsDark ? "dark" : "light";
  return theme;
}
