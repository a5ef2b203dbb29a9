// What a game is about, in the user's language or the next best.
//
// Invariant: a description is text from a stranger: it is shown as text, in its own language and its own
// direction, and never as markup.

import type { Game } from "../../api/types.ts";
import { localizedWithLanguage } from "../../state/localized.ts";
import { useApp } from "../../ui/context.ts";
import { Nothing, Section } from "../../ui/parts.tsx";
import type { Details } from "./details.ts";

export function Description({ game, details }: { game: Game; details: Details }) {
  const { texts, preferences } = useApp();
  if (details.state === "loading") return null;
  if (details.state === "failed") {
    return game.described ? <Nothing>{texts.game.detailsFailed}</Nothing> : null;
  }
  const found = localizedWithLanguage(details.details.descriptions, preferences.language);
  return (
    <Section title={texts.game.description}>
      {found === null
        ? <Nothing>{texts.game.noDescription}</Nothing>
        : <p className="description" lang={found.language} dir="auto">{found.text}</p>}
    </Section>
  );
}
