// What can be done with a game that is here, besides the main action.
//
// Invariant: nothing is deleted before a question that names the folder and what is lost with it, and nothing
// at all while the game runs. What an operation stands in the way of is not offered; the rest stays.

import { useRef, useState } from "react";
import type { Command, Game, InstallSize, Operation } from "../../api/types.ts";
import { isKept, otherActions } from "../../state/action.ts";
import { gameFolder } from "../../state/folders.ts";
import { joinPath } from "../../state/names.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useSeat, useView } from "../../ui/context.ts";
import { Confirm, type Question } from "../../ui/dialog.tsx";
import { Nothing, Section } from "../../ui/parts.tsx";
import { TakeLink } from "../../ui/take-link.tsx";
import { offersTaking } from "../../state/seat.ts";
import { subject } from "../../state/store.ts";

interface MoreActionsProps {
  game: Game;
  operation: Operation | null;
}

export function MoreActions({ game, operation }: MoreActionsProps) {
  const { texts, shell, store, format } = useApp();
  const folder = gameFolder(usePart("me"), game.id, game);
  const may = useMay();
  const offersZip = offersTaking(useSeat(), usePart("settings").guests);
  const [question, setQuestion] = useState<Question | null>(null);
  const isAsking = useRef(false);
  const { id, title, size, downloaded, installed } = game;
  const verify: Command = { cmd: "verify", id };
  const asked = useView((view) => view.asked.has(subject(verify)));
  const scripts = usePart("running").filter((it) => it.id === id).map(({ script }) => script);
  const isPlayed = scripts.length > 0;
  const others = may.ask && operation === null ? otherActions(game, may) : [];
  const isFree = operation === null;
  if (!downloaded && !installed && operation?.kind !== "download") return null;

  /** It is asked at once, and says how much is lost as soon as that is counted. */
  const askUninstall = () => {
    askWith(null);
    void shell.installSize(id).catch(() => null).then((size) => {
      if (size !== null && isAsking.current) askWith(size);
    });
  };
  const askWith = (counted: InstallSize | null) => {
    isAsking.current = true;
    setQuestion({
      title: texts.confirm.uninstallTitle(title),
      body: counted === null
        ? texts.confirm.uninstallBody
        : texts.confirm.uninstallBytes(format.bytes(counted.bytes), counted.more),
      folder: joinPath(folder, "local"),
      after: downloaded
        ? texts.confirm.uninstallKept(format.bytes(size))
        : texts.confirm.uninstallLost,
      confirm: texts.confirm.uninstall,
      onConfirm: () => void store.send({ cmd: "uninstall", id }),
    });
  };
  const close = () => {
    isAsking.current = false;
    setQuestion(null);
  };
  const askRemove = () =>
    setQuestion({
      title: texts.confirm.removeTitle(title),
      body: texts.confirm.removeBody(format.bytes(size)),
      folder,
      confirm: texts.confirm.remove,
      onConfirm: () => void store.send({ cmd: "remove", id }),
    });

  return (
    <Section title={texts.game.more}>
      <div className="more">
        {others.map(({ name, command }) => (
          <Button
            key={name}
            icon={name === "play" ? "play" : undefined}
            waits={asked || isKept(name, scripts)}
            onPress={() => void store.send(command)}
          >
            {texts.actions[name]}
          </Button>
        ))}
        {installed && game.scripts.includes("server") && may.play &&
          (isFree || operation.kind === "verify") && (
          <Button
            waits={asked}
            onPress={() => void store.send({ cmd: "start-server", id })}
          >
            {texts.actions.startServer}
          </Button>
        )}
        {may.openFolder && (
          <Button icon="folder" onPress={() => void store.openFolder(id)}>
            {texts.actions.openFolder}
          </Button>
        )}
        {downloaded && isFree && (
          <Button waits={asked} onPress={() => void store.send(verify)}>
            {texts.actions.verify}
          </Button>
        )}
        {offersZip && <TakeLink game={game} kind="quiet" />}
        {installed && isFree && (
          <Button kind="danger" waits={asked || isPlayed} onPress={askUninstall}>
            {texts.actions.uninstall}
          </Button>
        )}
        {downloaded && !installed && isFree && (
          <Button kind="danger" waits={asked || isPlayed} onPress={askRemove}>
            {texts.actions.remove}
          </Button>
        )}
      </div>
      {isPlayed && <Nothing>{texts.actions.endFirst}</Nothing>}
      {downloaded && isFree && <Nothing>{texts.actions.verifyHint}</Nothing>}
      {downloaded && installed && isFree && !isPlayed && (
        <Nothing>{texts.actions.removeFirst}</Nothing>
      )}
      {question && <Confirm question={question} onClose={close} />}
    </Section>
  );
}
