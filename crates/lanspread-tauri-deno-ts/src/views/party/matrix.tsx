// "Can we start?": the evening's games against everybody at the party.
//
// Invariant: it is a table, so that whoever hears it is told game and name with every cell; head and names
// stay to be seen while it scrolls, and a cell says in a word what its colour says.

import { memo, useMemo } from "react";
import { EVENING_MAX, eveningGames, withGame, withoutGame } from "../../state/evening.ts";
import { type Cell, type CellState, type Column, matrix, type Row } from "../../state/matrix.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useSnapshot } from "../../ui/context.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Nothing, Section, Select } from "../../ui/parts.tsx";
import { cellFigure, columnSentence } from "./cell-words.ts";

const ICONS: Record<CellState, IconName> = {
  "ready": "check",
  "packed": "box",
  "unpacking": "box",
  "downloading": "down",
  "waiting": "clock",
  "old": "up",
  "missing": "off",
  "disk-full": "alert",
  "unknown": "help",
  "shares": "cloud",
  "absent": "off",
};

export function EveningMatrix() {
  const { texts, evening, preferences } = useApp();
  const snapshot = useSnapshot();
  const { language } = preferences;
  const known = snapshot.games;
  const games = useMemo(() => eveningGames(known, evening), [known, evening]);
  const shown = useMemo(() => games.map(({ id }) => id), [games]);
  const found = useMemo(() => matrix(snapshot, games, language), [snapshot, games, language]);
  const words = texts.evening;
  return (
    <Section title={words.title} wide>
      {evening === null && <Nothing>{games.length === 0 ? words.none : words.proposed}</Nothing>}
      {games.length > 0 && (
        <>
          <Sentences columns={found.columns} />
          <div className="matrix" role="region" aria-label={words.table} tabIndex={0}>
            <table>
              <caption className="unseen">{words.table}</caption>
              <Head columns={found.columns} />
              <tbody>
                {found.rows.map((row) => <MatrixRow key={row.peerId} row={row} />)}
              </tbody>
            </table>
          </div>
        </>
      )}
      <AddGame shown={shown} />
    </Section>
  );
}

/** The answer for each game, before the table that shows why. */
function Sentences({ columns }: { columns: Column[] }) {
  const { texts, format } = useApp();
  return (
    <ul className="matrix-sentences">
      {columns.map((column) => (
        <li key={column.game.id} data-ready={column.others.length === 0 || undefined}>
          <Icon name={column.others.length === 0 ? "check" : "clock"} />
          <span>
            <bdi className="name">{column.game.title}</bdi> {columnSentence(column, texts, format)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Head({ columns }: { columns: Column[] }) {
  const { texts, go, decideEvening } = useApp();
  const words = texts.evening;
  const shown = columns.map(({ game }) => game.id);
  return (
    <thead>
      <tr>
        <th scope="col">{words.guest}</th>
        {columns.map(({ game, ready, others }) => (
          <th key={game.id} scope="col">
            <div className="matrix-game">
              <button type="button" className="link" onClick={() => go({ game: game.id })}>
                <bdi>{game.title}</bdi>
              </button>
              <Button
                kind="plain"
                icon="close"
                label={texts.actions.of(words.remove, game.title)}
                onPress={() => decideEvening(withoutGame(shown, game.id))}
              />
            </div>
            <span className="matrix-count">{words.ready(ready, ready + others.length)}</span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function MatrixRow({ row }: { row: Row }) {
  const { texts } = useApp();
  const { ask } = useMay();
  return (
    <tr data-me={row.isMe || undefined}>
      <th scope="row">
        <bdi>{row.name}</bdi>
        {row.isMe && ask && <em>{texts.party.you}</em>}
        {!row.plays && <em>{texts.evening.noPlayer}</em>}
      </th>
      {row.cells.map((cell, index) => <MatrixCell key={index} cell={cell} />)}
    </tr>
  );
}

function MatrixCell({ cell }: { cell: Cell }) {
  const { texts, format } = useApp();
  const figure = cellFigure(cell, texts, format);
  const { state, facts } = cell;
  const percent = facts.running?.percent ?? null;
  return (
    <td data-state={state}>
      <span className="matrix-state">
        <Icon name={ICONS[state]} />
        {texts.evening.states[state]}
      </span>
      {figure !== null && <span className="matrix-figure">{figure}</span>}
      {state === "downloading" && percent !== null && (
        <span className="matrix-bar" aria-hidden="true">
          <span style={{ transform: `scaleX(${percent / 100})` }} />
        </span>
      )}
    </td>
  );
}

/** Drawn anew only when games or choice changed, since a catalog can have thousands. */
const AddGame = memo(function AddGame({ shown }: { shown: string[] }) {
  const { texts, preferences, decideEvening } = useApp();
  const games = usePart("games");
  const { language } = preferences;
  const options = useMemo(() => {
    const collator = new Intl.Collator(language, { numeric: true });
    return games.toSorted((a, b) => collator.compare(a.title, b.title));
  }, [games, language]);
  const words = texts.evening;
  if (games.length === 0) return null;
  if (shown.length >= EVENING_MAX) return <Nothing>{words.full(EVENING_MAX)}</Nothing>;
  const left = options.filter((game) => !shown.includes(game.id));
  return (
    <div className="matrix-add">
      <Select
        label={words.add}
        value=""
        options={[
          { value: "", words: words.addNone },
          ...left.map((game) => ({ value: game.id, words: game.title })),
        ]}
        onChoose={(id) => id !== "" && decideEvening(withGame(shown, id))}
      />
    </div>
  );
});
