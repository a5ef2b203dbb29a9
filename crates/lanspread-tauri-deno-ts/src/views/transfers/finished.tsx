// Operations that ended, the newest first.
//
// Invariant: the peer keeps a bounded number of them; this shows them all and adds none.

import type { Finished } from "../../api/types.ts";
import { headline } from "../../i18n/texts.ts";
import { gameById } from "../../state/names.ts";
import { canGiveUpOld, lastFinished } from "../../state/progress.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Name, Nothing } from "../../ui/parts.tsx";
import { GiveUpOld } from "../game/last-outcome.tsx";

const ICONS: Record<Finished["outcome"]["result"], IconName> = {
  finished: "check",
  failed: "alert",
  cancelled: "off",
};

export function FinishedList() {
  const { texts } = useApp();
  const finished = usePart("finished");
  if (finished.length === 0) return <Nothing>{texts.transfers.noneFinished}</Nothing>;
  return (
    <ul className="finished">
      {finished.toReversed().map((entry) => (
        <FinishedItem
          key={entry.number}
          entry={entry}
          isLast={lastFinished(finished, entry.id) === entry}
        />
      ))}
    </ul>
  );
}

function FinishedItem({ entry, isLast }: { entry: Finished; isLast: boolean }) {
  const { format, go } = useApp();
  const game = gameById(usePart("games"), entry.id);
  return (
    <li data-result={entry.outcome.result}>
      <Icon name={ICONS[entry.outcome.result]} />
      <div>
        <div className="finished-head">
          <button type="button" onClick={() => go({ game: entry.id })}>
            <Name>{game?.title ?? entry.id}</Name>
          </button>
          <time dateTime={new Date(entry.at_ms).toISOString()}>{format.clock(entry.at_ms)}</time>
        </div>
        <OutcomeWords entry={entry} />
        {isLast && game && canGiveUpOld(game, entry) && <GiveUpOld game={game} />}
      </div>
    </li>
  );
}

function OutcomeWords({ entry: { outcome, kind } }: { entry: Finished }) {
  const { texts, format } = useApp();
  const words = texts.transfers;
  switch (outcome.result) {
    case "cancelled":
      return <p>{words.cancelled[kind]}</p>;
    case "failed":
      return (
        <>
          <p className="finished-failed">{words.failed[kind]}: {headline(texts, outcome.kind)}</p>
          <p dir="auto">{outcome.message}</p>
        </>
      );
    case "finished": {
      const took = words.took(format.bytes(outcome.bytes), format.duration(outcome.elapsed_ms));
      const from = outcome.sources.map((source) => source.name);
      return (
        <>
          <p>
            {[words.done[kind], outcome.bytes > 0 && took, from.length > 0 && words.from(from)]
              .filter(Boolean).join(" · ")}
          </p>
          {outcome.notes.map((note) => <p key={note} dir="auto">{note}</p>)}
        </>
      );
    }
  }
}
