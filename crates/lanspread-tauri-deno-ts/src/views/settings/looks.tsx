// How things look.
//
// Invariant: it is kept in this browser, and the peer knows nothing of it. Only a guest's language is, too.

import { TEXTS } from "../../i18n/texts.ts";
import { ACCENTS, DENSITIES, LANGUAGES, SHAPES, THEMES } from "../../state/preferences.ts";
import { useApp, useMay } from "../../ui/context.ts";
import { Choice, Section } from "../../ui/parts.tsx";

export function Looks() {
  const { texts, preferences, choose } = useApp();
  const { ask } = useMay();
  const words = texts.settings;
  return (
    <Section title={words.looks}>
      {!ask && (
        <Choice
          label={words.languageLabel}
          options={LANGUAGES}
          value={preferences.language}
          words={(language) => TEXTS[language].language}
          onChoose={(language) => choose({ language })}
        />
      )}
      <Choice
        label={words.theme}
        options={THEMES}
        value={preferences.theme}
        words={(theme) => words[theme]}
        onChoose={(theme) => choose({ theme })}
      />
      <Choice
        label={words.accent}
        options={ACCENTS}
        value={preferences.accent}
        words={(accent) => words[accent]}
        swatches
        onChoose={(accent) => choose({ accent })}
      />
      <Choice
        label={words.density}
        options={DENSITIES}
        value={preferences.density}
        words={(density) => words[density]}
        onChoose={(density) => choose({ density })}
      />
      <Choice
        label={words.shape}
        options={SHAPES}
        value={preferences.shape}
        words={(shape) => words[shape]}
        onChoose={(shape) => choose({ shape })}
      />
    </Section>
  );
}
