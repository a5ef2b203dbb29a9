// What moves, what has moved, and how fast it may.
//
// Invariant: running, finished and fetched are three parts of the snapshot, and nothing is in two of
// them.

import { useApp, useSnapshot } from "../../ui/context.ts";
import { gameById, gameTitle, peerName } from "../../state/names.ts";
import { ActionButton } from "../../ui/action-button.tsx";
import { OperationDetail } from "../../ui/operation.tsx";
import { Name, Nothing, Section } from "../../ui/parts.tsx";
import { FinishedList } from "./finished.tsx";
import { LimitsForm } from "./limits.tsx";
import { RateGraph } from "./rate-graph.tsx";

export function Transfers() {
  const { texts } = useApp();
  return (
    <div className="view view-split">
      <h1>{texts.transfers.title}</h1>
      <div className="view-main">
        <RateGraph />
        <Running />
        <Section title={texts.transfers.finished}>
          <FinishedList />
        </Section>
      </div>
      <div className="view-side">
        <LimitsForm />
        <Uploads />
      </div>
    </div>
  );
}

function Running() {
  const { texts, go } = useApp();
  const { operations, games } = useSnapshot();
  return (
    <Section title={texts.transfers.running}>
      {operations.length === 0 && <Nothing>{texts.transfers.noneRunning}</Nothing>}
      <ul className="plates">
        {operations.map((operation) => {
          const game = gameById(games, operation.id);
          const title = game?.title ?? operation.id;
          return (
            <li key={operation.id} className="plate">
              <div className="plate-head">
                <h3>
                  <button type="button" onClick={() => go({ game: operation.id })}>
                    <Name>{title}</Name>
                  </button>
                </h3>
                {game && <ActionButton game={game} operation={operation} />}
              </div>
              <OperationDetail operation={operation} title={title} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Uploads() {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  return (
    <Section title={texts.transfers.uploads}>
      {snapshot.uploads.length === 0 && <Nothing>{texts.transfers.noUploads}</Nothing>}
      <ul className="lines">
        {snapshot.uploads.map((upload) => (
          <li key={`${upload.peer_id} ${upload.id}`}>
            <Name>{peerName(snapshot, upload.peer_id)}</Name>
            <span className="lines-more">
              <Name>{gameTitle(snapshot.games, upload.id)}</Name>
              {" · "}
              {texts.transfers.upload(upload.requests)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
