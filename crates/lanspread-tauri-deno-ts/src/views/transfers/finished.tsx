// Operations and uploads that ended, the newest first.
//
// Invariant: the peer keeps a bounded number of them; this shows them all and adds none.

import type { ReactNode } from "react";
import type { Finished, UploadEnded } from "../../api/types.ts";
import { headline } from "../../i18n/texts.ts";
import { ended } from "../../state/ended.ts";
import { gameById, gameTitle } from "../../state/names.ts";
import { canGiveUpOld, lastFinished } from "../../state/progress.ts";
import { useApp, usePart } from "../../ui/context.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Name, Nothing } from "../../ui/parts.tsx";
import { ErrorTold, Notes } from "../../ui/told.tsx";
import { GiveUpOld } from "../game/last-outcome.tsx";

const ICONS: Record<Finished["outcome"]["result"], IconName> = {
  finished: "check",
  failed: "alert",
  cancelled: "off",
};

export function FinishedList() {
  const { texts } = useApp();
  const finished = usePart("finished");
  const all = ended(finished, usePart("uploads_ended"));
  if (all.length === 0) return <Nothing>{texts.transfers.noneFinished}</Nothing>;
  return (
    <ul className="finished">
      {all.map(({ what, entry }) =>
        what === "upload"
          ? <UploadItem key={`upload ${entry.number}`} entry={entry} />
          : (
            <FinishedItem
              key={entry.number}
              entry={entry}
              isLast={lastFinished(finished, entry.id) === entry}
            />
          )
      )}
    </ul>
  );
}

interface ItemProps {
  id: string;
  at: number;
  result: string;
  icon: IconName;
  children: ReactNode;
}

function Item({ id, at, result, icon, children }: ItemProps) {
  const { format, go } = useApp();
  const title = gameTitle(usePart("games"), id);
  return (
    <li data-result={result}>
      <Icon name={icon} />
      <div>
        <div className="finished-head">
          <button type="button" onClick={() => go({ game: id })}>
            <Name>{title}</Name>
          </button>
          <time dateTime={new Date(at).toISOString()}>{format.clock(at)}</time>
        </div>
        {children}
      </div>
    </li>
  );
}

function FinishedItem({ entry, isLast }: { entry: Finished; isLast: boolean }) {
  const game = gameById(usePart("games"), entry.id);
  const { id, at_ms: at, outcome: { result } } = entry;
  return (
    <Item id={id} at={at} result={result} icon={ICONS[result]}>
      <OutcomeWords entry={entry} />
      {isLast && game && canGiveUpOld(game, entry) && <GiveUpOld game={game} />}
    </Item>
  );
}

function UploadItem({ entry }: { entry: UploadEnded }) {
  const { texts, format } = useApp();
  const { id, at_ms: at, name, bytes, elapsed_ms: elapsed } = entry;
  const words = texts.transfers;
  return (
    <Item id={id} at={at} result="upload" icon="peers">
      <p>
        {words.fetchedBy(name)}
        {" · "}
        {words.took(format.bytes(bytes), format.duration(elapsed))}
      </p>
    </Item>
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
          <ErrorTold kind={outcome.kind} message={outcome.message} />
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
          <Notes notes={outcome.notes} />
        </>
      );
    }
  }
}
