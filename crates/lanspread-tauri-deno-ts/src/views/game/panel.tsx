// The panel of one game: what it is, how it stands, what can be done.
//
// Invariant: which game is open stands in the address, so the panel can be linked to and Back closes it.

import type { Game } from "../../api/types.ts";
import { whyNoAction } from "../../state/action.ts";
import { gameById } from "../../state/names.ts";
import { operationOn } from "../../state/progress.ts";
import { queuedOf } from "../../state/queue.ts";
import { problemWords } from "../../state/told.ts";
import { ActionButton } from "../../ui/action-button.tsx";
import { Art } from "../../ui/art.tsx";
import { Button } from "../../ui/button.tsx";
import { CancelButton } from "../../ui/cancel-button.tsx";
import { HoldersChip, StateChip } from "../../ui/chip.tsx";
import { useApp, useMay, usePart } from "../../ui/context.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { OperationDetail } from "../../ui/operation.tsx";
import { Told } from "../../ui/told.tsx";
import { TonightButton } from "../../ui/tonight-button.tsx";
import { Description } from "./description.tsx";
import { useDetails } from "./details.ts";
import { GameFacts } from "./facts.tsx";
import { GameFiles } from "./files.tsx";
import { ForGuests } from "./for-guests.tsx";
import { HashingNote } from "./hashing-note.tsx";
import { Holders } from "./holders.tsx";
import { LastOutcome } from "./last-outcome.tsx";
import { MoreActions } from "./more-actions.tsx";
import { NoStart } from "./no-start.tsx";
import { Offers } from "./offers.tsx";
import { QueuedNote, UnfinishedNote } from "./queued.tsx";
import { RunningScripts } from "./running.tsx";

export function GamePanel({ id }: { id: string }) {
  const { texts, go } = useApp();
  const game = gameById(usePart("games"), id);
  const close = () => go({ game: null });
  return (
    <Dialog className="panel" label={texts.game.panel(game?.title ?? id)} onClose={close}>
      <div className="panel-inner">
        <div className="panel-close">
          <Button icon="close" label={texts.shell.close} onPress={close} />
        </div>
        {game === null ? <p className="nothing">{texts.game.gone}</p> : <GameBody game={game} />}
      </div>
    </Dialog>
  );
}

function GameBody({ game }: { game: Game }) {
  const { texts } = useApp();
  const operation = operationOn(usePart("operations"), game.id);
  const party = usePart("peers").length;
  const details = useDetails(game);
  const may = useMay();
  const { ask } = may;
  const host = usePart("me").name;
  const reason = whyNoAction(game, may) === "plays-there"
    ? texts.playsThere(host)
    : texts.reasons[game.state];
  const queued = queuedOf(usePart("queue"), game.id);
  return (
    <>
      <div className="panel-art">
        <Art id={game.id} title={game.title} cover={game.cover} />
      </div>
      <div className="panel-body">
        <h2 className="panel-title">
          <bdi>{game.title}</bdi>
        </h2>
        <div className="panel-state">
          <StateChip game={game} runs={operation !== null} />
          <HoldersChip game={game} party={party} />
          <TonightButton game={game} />
        </div>
        <div className="panel-main">
          {!ask && <ForGuests game={game} />}
          {ask && operation === null && queued === null && <p>{reason}</p>}
          <ActionButton game={game} operation={operation} />
          {operation?.kind === "download" && (
            <CancelButton id={game.id} game={game} operation={operation} />
          )}
        </div>
        {operation === null && queued !== null && <QueuedNote game={game} queued={queued} />}
        {ask && operation === null && queued === null && <UnfinishedNote game={game} />}
        <NoStart game={game} />
        <RunningScripts game={game} />
        {operation !== null && <OperationDetail operation={operation} title={game.title} />}
        {operation === null && queued === null && <LastOutcome game={game} />}
        {ask && operation === null && <HashingNote game={game} />}
        {ask && game.problem !== null && (
          <div className="warning" role="note">
            <strong>{texts.game.problem}</strong>
            <Told words={problemWords(texts, game.problem)} exact={game.problem.message} />
          </div>
        )}
        {details.state === "loaded" && <Offers details={details.details} />}
        <Description game={game} details={details} />
        <GameFacts game={game} details={details} />
        <Holders game={game} />
        <GameFiles game={game} />
        {ask && <MoreActions game={game} operation={operation} />}
      </div>
    </>
  );
}
