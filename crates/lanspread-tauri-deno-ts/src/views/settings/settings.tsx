// How things look, and the facts of this PC that are set elsewhere.
//
// Invariant: looks are kept in this browser; everything else belongs to the peer.

import { ACCENTS, DENSITIES, LANGUAGES, THEMES } from "../../state/preferences.ts";
import { TEXTS } from "../../i18n/texts.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, useSnapshot, useView } from "../../ui/context.ts";
import { Path } from "../../ui/dialog.tsx";
import { Choice, Facts, Section } from "../../ui/parts.tsx";

export function Settings() {
  const { texts, preferences, choose } = useApp();
  const { ask } = useMay();
  const words = texts.settings;
  return (
    <div className="view view-narrow">
      <h1>{words.title}</h1>
      <Section title={words.looks}>
        <Choice
          label={words.languageLabel}
          options={LANGUAGES}
          value={preferences.language}
          words={(language) => TEXTS[language].language}
          onChoose={(language) => choose({ language })}
        />
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
      </Section>
      {ask && <ThisPc />}
    </div>
  );
}

function ThisPc() {
  const { texts, shell, store } = useApp();
  const { me } = useSnapshot();
  const asked = useView((view) => view.asked.has("set-game-dir"));

  const { chooseFolder } = useMay();

  const choose = async () => {
    const path = await shell.chooseFolder();
    if (path !== null) await store.send({ cmd: "set-game-dir", path });
  };

  return (
    <Section title={texts.settings.pc}>
      <Facts
        facts={[
          [
            texts.help.name,
            <span key="name">
              <bdi>{me.name}</bdi> <small>{texts.settings.nameHint}</small>
            </span>,
          ],
          [texts.help.folder, <Path key="folder" path={me.games_dir} />],
        ]}
      />
      {chooseFolder && (
        <div className="report">
          <Button icon="folder" waits={asked} onPress={() => void choose()}>
            {asked ? texts.shell.asked : texts.settings.chooseFolder}
          </Button>
          <p>{texts.settings.folderHint}</p>
        </div>
      )}
    </Section>
  );
}
