// What can be done with a game that is here, besides the main action.
//
// Invariant: nothing is deleted before a question that names the folder and what is lost with it.

import { useState } from "react";
import type { Command, Game } from "../../api/types.ts";
import { joinPath } from "../../state/names.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useSeat, useView } from "../../ui/context.ts";
import { Confirm, type Question } from "../../ui/dialog.tsx";
import { Nothing, Section } from "../../ui/parts.tsx";
import { TakeLink } from "../../ui/take-link.tsx";
import { offersTaking } from "../../state/seat.ts";
import { subject } from "../../state/store.ts";

export function MoreActions({ game }: { game: Game }) {
  const { texts, store, format } = useApp();
  const folder = joinPath(usePart("me").games_dir, game.id);
  const may = useMay();
  const offersZip = offersTaking(useSeat(), usePart("settings").guests);
  const [question, setQuestion] = useState<Question | null>(null);
  const { id, title, size, downloaded, installed } = game;
  const verify: Command = { cmd: "verify", id };
  const asked = useView((view) => view.asked.has(subject(verify)));
  if (!downloaded && !installed) return null;

  const askUninstall = () =>
    setQuestion({
      title: texts.confirm.uninstallTitle(title),
      body: texts.confirm.uninstallBody,
      folder: joinPath(folder, "local"),
      after: downloaded
        ? texts.confirm.uninstallKept(format.bytes(size))
        : texts.confirm.uninstallLost,
      confirm: texts.confirm.uninstall,
      onConfirm: () => void store.send({ cmd: "uninstall", id }),
    });
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
        {installed && may.play && (
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
        {downloaded && (
          <Button waits={asked} onPress={() => void store.send(verify)}>
            {texts.actions.verify}
          </Button>
        )}
        {offersZip && <TakeLink game={game} kind="quiet" />}
        {installed && (
          <Button kind="danger" waits={asked} onPress={askUninstall}>
            {texts.actions.uninstall}
          </Button>
        )}
        {downloaded && !installed && (
          <Button kind="danger" waits={asked} onPress={askRemove}>{texts.actions.remove}</Button>
        )}
      </div>
      {downloaded && <Nothing>{texts.actions.verifyHint}</Nothing>}
      {downloaded && installed && <Nothing>{texts.actions.removeFirst}</Nothing>}
      {question && <Confirm question={question} onClose={() => setQuestion(null)} />}
    </Section>
  );
}
