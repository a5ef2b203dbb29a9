// Who the user is: the name that others see, and the language of the page and of games.
//
// Invariant: the field holds the peer's name until it is touched, and then what is typed until that is
// kept. A language that games can be told and the page cannot speak changes the games only.

import { type FormEvent, useState } from "react";
import type { Language } from "../../api/types.ts";
import { LANGUAGES } from "../../state/preferences.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, usePart, useView } from "../../ui/context.ts";
import { Choice, Section } from "../../ui/parts.tsx";

const GAME_LANGUAGES = ["en", "de", "fr"] as const satisfies readonly Language[];

/** As long as a name of a peer may be. */
const NAME_LENGTH_MAX = 64;

export function Player() {
  const { texts } = useApp();
  return (
    <Section title={texts.settings.player}>
      <NameForm />
      <LanguageChoice />
    </Section>
  );
}

function NameForm() {
  const { texts, store } = useApp();
  const me = usePart("me");
  const settings = usePart("settings");
  const asked = useView((view) => view.asked.has("change-settings"));
  const [typed, setTyped] = useState<string | null>(null);
  const words = texts.settings;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (typed === null) return;
    if (await store.send({ cmd: "change-settings", name: typed.trim() })) setTyped(null);
  };

  return (
    <form className="setting" onSubmit={(event) => void submit(event)}>
      <label>
        <span>{words.name}</span>
        <input
          value={typed ?? settings.name ?? me.name}
          maxLength={NAME_LENGTH_MAX}
          autoComplete="off"
          aria-describedby="name-hint"
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      {typed !== null && (
        <Button kind="main" submits waits={asked}>
          {asked ? texts.shell.asked : words.keep}
        </Button>
      )}
      <p id="name-hint">{words.nameHint}</p>
    </form>
  );
}

function LanguageChoice() {
  const { texts, store, choose } = useApp();
  const { language } = usePart("settings");
  const words = texts.settings;

  const set = (chosen: Language) => {
    const page = LANGUAGES.find((one) => one === chosen);
    if (page !== undefined) choose({ language: page });
    void store.send({ cmd: "change-settings", language: chosen });
  };

  return (
    <div className="setting">
      <Choice
        label={words.languageLabel}
        options={GAME_LANGUAGES}
        value={language}
        words={(one) => words.languages[one]}
        onChoose={set}
      />
      <p>{language === null ? words.languageNone : words.languageHint}</p>
    </div>
  );
}
