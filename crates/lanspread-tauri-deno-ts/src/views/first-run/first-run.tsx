// The first start: a name, a folder, and one button.
//
// Invariant: nothing else is asked, both are filled in with something that does, and what is wrong with
// an answer stands beside it. The language that this is read in is the one that games are told. A folder
// that is dragged onto the window is the one that is asked for, so no other question follows it.

import { type FormEvent, useEffect, useState } from "react";
import { CommandError, type Proposal } from "../../api/shell.ts";
import { headline } from "../../i18n/texts.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useView } from "../../ui/context.ts";
import { Mark } from "../../ui/icon.tsx";
import { ErrorTold } from "../../ui/told.tsx";

/** As long as a name of a peer may be. */
const NAME_LENGTH_MAX = 64;

interface FirstRunProps {
  proposal: Proposal;
  onDone(): void;
}

export function FirstRun({ proposal, onDone }: FirstRunProps) {
  const { texts, shell, store, preferences } = useApp();
  const [name, setName] = useState(proposal.name);
  const [folder, setFolder] = useState(proposal.games_dir);
  const [isAsked, setAsked] = useState(false);
  const [refusal, setRefusal] = useState<CommandError | null>(null);
  const dropped = useView((view) => view.dropped);
  const words = texts.firstRun;
  const isNameless = name.trim() === "";
  const isHomeless = folder.trim() === "";

  useEffect(() => {
    if (dropped === null) return;
    setFolder(dropped);
    store.forgetDropped();
  }, [dropped, store]);

  const choose = async () => setFolder(await shell.chooseFolder() ?? folder);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isNameless || isHomeless || isAsked) return;
    setAsked(true);
    setRefusal(null);
    try {
      await shell.finishFirstRun({ name: name.trim(), games_dir: folder.trim() });
      onDone();
      void store.send({ cmd: "change-settings", language: preferences.language });
    } catch (error) {
      setRefusal(error instanceof CommandError ? error : new CommandError("io", String(error)));
    } finally {
      setAsked(false);
    }
  };

  return (
    <main className="first-run">
      <Mark />
      <h1>{words.title}</h1>
      <p>{words.body}</p>
      <form onSubmit={(event) => void submit(event)}>
        <label>
          <span>{words.name}</span>
          <input
            value={name}
            maxLength={NAME_LENGTH_MAX}
            autoComplete="off"
            aria-invalid={isNameless}
            aria-describedby="first-name-hint"
            onChange={(event) => setName(event.target.value)}
          />
          <small id="first-name-hint">{isNameless ? words.nameMissing : words.nameHint}</small>
        </label>
        <label>
          <span>{words.folder}</span>
          <div className="first-run-folder">
            <input
              value={folder}
              autoComplete="off"
              spellCheck={false}
              aria-invalid={isHomeless || refusal !== null}
              aria-describedby="first-folder-hint"
              onChange={(event) => setFolder(event.target.value)}
            />
            {shell.can.chooseFolder && (
              <Button icon="folder" onPress={() => void choose()}>{words.choose}</Button>
            )}
          </div>
          <small id="first-folder-hint">
            {isHomeless ? words.folderMissing : words.folderHint}
          </small>
        </label>
        {refusal !== null && (
          <div className="warning" role="alert">
            <strong>{headline(texts, refusal.kind)}</strong>
            <ErrorTold kind={refusal.kind} message={refusal.message} />
          </div>
        )}
        <Button kind="main" submits waits={isAsked || isNameless || isHomeless}>
          {isAsked ? words.joining : words.join}
        </Button>
      </form>
    </main>
  );
}
