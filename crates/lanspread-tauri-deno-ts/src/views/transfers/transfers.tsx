// What moves, what has moved, and how fast it may.
//
// Invariant: what runs, what waits or rests, what ended and what is fetched from here are four lists, and
// nothing is in two of them.

import { useApp, useSnapshot } from "../../ui/context.ts";
import { gameById } from "../../state/names.ts";
import { ActionButton } from "../../ui/action-button.tsx";
import { CancelButton } from "../../ui/cancel-button.tsx";
import { OperationDetail } from "../../ui/operation.tsx";
import { Name, Nothing, Section } from "../../ui/parts.tsx";
import { FinishedList } from "./finished.tsx";
import { LimitsForm } from "./limits.tsx";
import { QueueList } from "./queue-list.tsx";
import { RateGraph } from "./rate-graph.tsx";
import { Uploads } from "./uploads.tsx";

export function Transfers() {
  const { texts } = useApp();
  return (
    <div className="view view-split">
      <h1>{texts.transfers.title}</h1>
      <div className="view-main">
        <RateGraph />
        <Running />
        <QueueList />
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
                <div className="queue-buttons">
                  {game && <ActionButton game={game} operation={operation} />}
                  {operation.kind === "download" && (
                    <CancelButton id={operation.id} game={game} operation={operation} />
                  )}
                </div>
              </div>
              <OperationDetail operation={operation} title={title} />
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
