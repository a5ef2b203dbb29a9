// The folders of games: where new games go, and the others.
//
// Invariant: a folder is taken off the list and nothing in it is touched, which is said before. Where no dialog
// of the system can be opened a folder is typed; from another machine they are only shown.

import { type FormEvent, useState } from "react";
import {
  furtherFolders,
  type GamesFolder,
  gamesFolders,
  withoutFolder,
} from "../../state/folders.ts";
import { Button } from "../../ui/button.tsx";
import { Chip } from "../../ui/chip.tsx";
import { useApp, useMay, usePart, useView } from "../../ui/context.ts";
import { Confirm, Path } from "../../ui/dialog.tsx";
import { Told } from "../../ui/told.tsx";

export function Folders() {
  const { texts } = useApp();
  const may = useMay();
  const folders = gamesFolders(usePart("me"));
  const words = texts.settings;
  return (
    <div className="setting">
      <h3>{words.folders}</h3>
      <ul className="lines folders">
        {folders.map((folder) => (
          <Folder key={folder.path} folder={folder} isOnly={folders.length === 1} />
        ))}
      </ul>
      {may.chooseFolder && <ChooseFolder />}
      {may.setFolder && !may.chooseFolder && <TypeFolder />}
      <p>{may.setFolder ? words.folderHint : words.folderElsewhere}</p>
    </div>
  );
}

function Folder({ folder, isOnly }: { folder: GamesFolder; isOnly: boolean }) {
  const { texts, format, store } = useApp();
  const { setFolder } = useMay();
  const me = usePart("me");
  const isAsked = useAsked();
  const [leaving, setLeaving] = useState(false);
  const words = texts.settings;
  const { path, isFirst, problem, freeBytes } = folder;
  return (
    <li>
      <Path path={path} />
      {problem !== null && (
        <Told words={texts.told.folders[problem.fault]} exact={problem.message} />
      )}
      <span className="lines-more">
        {isFirst && !isOnly && <Chip tone="info" icon="down" words={words.folderForNew} />}
        {freeBytes !== null && texts.evening.free(format.bytes(freeBytes))}
      </span>
      {!isFirst && setFolder && (
        <div className="folder-actions">
          <Button
            label={texts.actions.of(words.makeFirst, path)}
            waits={isAsked}
            onPress={() => void store.send({ cmd: "set-game-dir", path })}
          >
            {words.makeFirst}
          </Button>
          <Button
            kind="plain"
            label={texts.actions.of(words.takeOff, path)}
            waits={isAsked}
            onPress={() => setLeaving(true)}
          >
            {words.takeOff}
          </Button>
        </div>
      )}
      {leaving && (
        <Confirm
          question={{
            title: words.takeOffTitle,
            body: words.takeOffBody,
            folder: path,
            confirm: words.takeOff,
            isLoss: false,
            onConfirm: () =>
              void store.send({ cmd: "set-more-game-dirs", paths: withoutFolder(me, path) }),
          }}
          onClose={() => setLeaving(false)}
        />
      )}
    </li>
  );
}

function useAsked(): boolean {
  return useView((view) => view.asked.has("set-game-dir") || view.asked.has("set-more-game-dirs"));
}

function ChooseFolder() {
  const { texts, shell, store } = useApp();
  const me = usePart("me");
  const isAsked = useAsked();
  const add = async () => {
    const path = await shell.chooseFolder();
    if (path === null) return;
    await store.send({ cmd: "set-more-game-dirs", paths: [...furtherFolders(me), path] });
  };
  const replace = async () => {
    const path = await shell.chooseFolder();
    if (path !== null) await store.send({ cmd: "set-game-dir", path });
  };
  return (
    <div className="folder-actions">
      <Button icon="folder" waits={isAsked} onPress={() => void add()}>
        {isAsked ? texts.shell.asked : texts.settings.addFolder}
      </Button>
      <Button waits={isAsked} onPress={() => void replace()}>
        {texts.settings.chooseFolder}
      </Button>
    </div>
  );
}

function TypeFolder() {
  const { texts, store } = useApp();
  const me = usePart("me");
  const isAsked = useAsked();
  const [path, setPath] = useState("");
  const typed = path.trim();
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (typed === "") return;
    const paths = [...furtherFolders(me), typed];
    if (await store.send({ cmd: "set-more-game-dirs", paths })) setPath("");
  };
  const replace = async () => {
    if (await store.send({ cmd: "set-game-dir", path: typed })) setPath("");
  };
  return (
    <form className="setting" onSubmit={(event) => void add(event)}>
      <label>
        <span>{texts.settings.otherFolder}</span>
        <input
          value={path}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setPath(event.target.value)}
        />
      </label>
      <div className="folder-actions">
        <Button submits waits={isAsked || typed === ""}>
          {isAsked ? texts.shell.asked : texts.settings.addFolder}
        </Button>
        <Button waits={isAsked || typed === ""} onPress={() => void replace()}>
          {texts.settings.useFolder}
        </Button>
      </div>
    </form>
  );
}
