// What belongs to this PC: the folder of games, and what the window's program does.
//
// Invariant: where no dialog of the system can be opened the folder is typed; from another machine it is
// only shown.

import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useView } from "../../ui/context.ts";
import { Path } from "../../ui/dialog.tsx";
import { Section } from "../../ui/parts.tsx";
import { Switch } from "../../ui/switch.tsx";

export function ThisPc() {
  const { texts } = useApp();
  const may = useMay();
  const { games_dir } = usePart("me");
  const words = texts.settings;
  return (
    <Section title={words.pc}>
      <div className="setting">
        <h3>{texts.help.folder}</h3>
        <Path path={games_dir} />
        {may.chooseFolder && <ChooseFolder />}
        {may.setFolder && !may.chooseFolder && <TypeFolder />}
        <p>{may.setFolder ? words.folderHint : words.folderElsewhere}</p>
      </div>
      {may.desktop && <DesktopSwitches />}
    </Section>
  );
}

function ChooseFolder() {
  const { texts, shell, store } = useApp();
  const asked = useView((view) => view.asked.has("set-game-dir"));
  const choose = async () => {
    const path = await shell.chooseFolder();
    if (path !== null) await store.send({ cmd: "set-game-dir", path });
  };
  return (
    <Button icon="folder" waits={asked} onPress={() => void choose()}>
      {asked ? texts.shell.asked : texts.settings.chooseFolder}
    </Button>
  );
}

function TypeFolder() {
  const { texts, store } = useApp();
  const asked = useView((view) => view.asked.has("set-game-dir"));
  const [path, setPath] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (path.trim() === "") return;
    if (await store.send({ cmd: "set-game-dir", path: path.trim() })) setPath("");
  };
  return (
    <form className="setting" onSubmit={(event) => void submit(event)}>
      <label>
        <span>{texts.settings.otherFolder}</span>
        <input
          value={path}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setPath(event.target.value)}
        />
      </label>
      <Button submits waits={asked || path.trim() === ""}>
        {asked ? texts.shell.asked : texts.settings.useFolder}
      </Button>
    </form>
  );
}

function DesktopSwitches() {
  const { texts, store } = useApp();
  const { start_with_system, keep_in_tray } = usePart("settings");
  const isAsked = useView((view) => view.asked.has("change-settings"));
  const words = texts.settings;
  return (
    <>
      <Switch
        label={words.startWithSystem}
        hint={words.startWithSystemHint}
        isOn={start_with_system}
        isAsked={isAsked}
        onToggle={(on) => void store.send({ cmd: "change-settings", start_with_system: on })}
      />
      <Switch
        label={words.keepInTray}
        hint={words.keepInTrayHint}
        isOn={keep_in_tray}
        isAsked={isAsked}
        onToggle={(on) => void store.send({ cmd: "change-settings", keep_in_tray: on })}
      />
    </>
  );
}
