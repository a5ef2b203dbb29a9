// What the peer tells: every kind has words in both languages, and in German none of it is English.

import assert from "node:assert/strict";
import { allTold, allWaits, everyNotice } from "../../src/api/mock/told.ts";
import type { Outcome, WaitReason } from "../../src/api/types.ts";
import { Frame } from "../../src/frame/frame.tsx";
import { TEXTS } from "../../src/i18n/texts.ts";
import { formats } from "../../src/state/format.ts";
import { isOpen, noticeWords, subjectOf } from "../../src/state/notices.ts";
import { type Language, LANGUAGES } from "../../src/state/preferences.ts";
import { TABS } from "../../src/state/route.ts";
import { awayWords, noteWords, problemWords, waitWords } from "../../src/state/told.ts";
import { ErrorTold, Notes, Told } from "../../src/ui/told.tsx";
import { render, wordsOf } from "../support/render.tsx";

const plain = (words: string) => words.replace(/[\u2068\u2069]/g, "");
const waits = allWaits().operations.flatMap(({ progress }) =>
  progress?.phase === "waiting" ? [progress.why] : []
);

/** The words of both languages, which have to differ. */
function bothDiffer(words: (language: Language) => string): void {
  const [en, de] = [words("en"), words("de")];
  for (const text of [en, de]) {
    assert.ok(text.trim() !== "", "nothing is said");
    assert.doesNotMatch(text, /undefined|\[object/);
  }
  assert.notEqual(en, de);
}

Deno.test("a wait is one sentence that names the peer and the game, and nobody waits for waiting", () => {
  const said = (language: Language, why: WaitReason) =>
    plain(waitWords(TEXTS[language], why, "OpenArena"));
  const kinds = new Set(waits.map(({ kind }) => kind));
  const words = Object.keys(TEXTS.en.told.waits).filter((kind) => kind !== "found");
  assert.deepEqual([...kinds].sort(), words.sort());
  for (const why of waits) {
    bothDiffer((language) => said(language, why));
    for (const language of LANGUAGES) {
      assert.ok((said(language, why).match(/wait|wartet/gi) ?? []).length <= 1);
      assert.doesNotMatch(said(language, why), /[0-9a-f]{16}/, "no ids");
    }
  }
  const asking = waits.find(({ kind }) => kind === "asking")!;
  assert.match(said("de", asking), /^Wartet auf Mara: /);
  const version = waits.find(({ kind }) => kind === "no-peer-has-version")!;
  assert.match(said("de", version), /20250117 bei Mara, tobi, 20240101 bei Mara/);
  assert.match(said("en", { kind: "no-peer" }), /^Waits for a peer that has OpenArena$/);
});

Deno.test("every kind of notice has a sentence in both languages, and none shows an id", () => {
  const kinds = new Set(everyNotice().map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), Object.keys(TEXTS.en.notices.titles).sort());
  for (const about of everyNotice()) {
    const said = (language: Language) =>
      plain(noticeWords(TEXTS[language], formats(language), about));
    bothDiffer(said);
    assert.doesNotMatch(said("de"), /[0-9a-f]{16}/);
  }
});

Deno.test("the peer's own words are offered where they say more, and not where they repeat", () => {
  const lost = (kind: "goodbye" | "connection") =>
    isOpen({ kind: "peer-lost", name: "Mara", reason: { kind } });
  assert.ok(lost("connection") && !lost("goodbye"));
  assert.ok(isOpen({ kind: "broken" }) && !isOpen({ kind: "folder-readable" }));
});

Deno.test("a notice is about a game, a name, or nothing of its own", () => {
  assert.deepEqual(subjectOf({ kind: "game-failed", id: "chess", error: "io" }), { game: "chess" });
  assert.deepEqual(subjectOf({ kind: "connect-failed", addr: "10.0.0.1:1", error: "io" }), {
    name: "10.0.0.1:1",
  });
  assert.equal(subjectOf({ kind: "discovery-works" }), null);
});

Deno.test("problems, notes and reasons to keep somebody away have words in both languages", () => {
  const { games, finished, kept_away } = allTold();
  const problems = games.flatMap(({ problem }) => problem === null ? [] : [problem]);
  const kinds = new Set(problems.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), Object.keys(TEXTS.en.told.problems).sort());
  for (const problem of problems) {
    bothDiffer((language) => problemWords(TEXTS[language], problem));
  }
  const notes = finished.flatMap(({ outcome }) =>
    outcome.result === "finished" ? outcome.notes : []
  );
  assert.deepEqual(
    [...new Set(notes.map(({ kind }) => kind))].sort(),
    Object.keys(TEXTS.en.told.notes).sort(),
  );
  for (const note of notes) bothDiffer((language) => noteWords(TEXTS[language], note).words);
  for (const { reasons: [reason] } of kept_away) {
    bothDiffer((language) => awayWords(TEXTS[language], formats(language), reason!));
  }
});

Deno.test("in English the peer's sentence stands alone, in German beneath an explanation and marked", () => {
  const message = "cannot get chess: the disk is full";
  const error = <ErrorTold kind="no-space" message={message} />;
  const en = render("party", error);
  assert.equal(en, `<p dir="auto">${message}</p>`);
  const de = render("party", error, "de");
  assert.match(wordsOf(de), /Schaffe Platz.*Genauer Wortlaut.*the disk is full/);
  assert.match(de, /<details[^>]*>.*<p lang="en" dir="auto">cannot get chess/);
});

Deno.test("an error without a sentence of the peer is explained in both languages", () => {
  const error = <ErrorTold kind="connection" message="" />;
  assert.match(render("party", error), /Nobody knows whether it was still done/);
  const de = render("party", error, "de");
  assert.match(de, /Niemand weiß/);
  assert.doesNotMatch(de, /details/);
});

Deno.test("what says everything by itself has nothing beneath it", () => {
  const told = <Told words="Er hat sich verabschiedet." exact="it said goodbye" saysMore={false} />;
  assert.equal(render("party", told, "de"), `<p dir="auto">Er hat sich verabschiedet.</p>`);
  const notes: Extract<Outcome, { result: "finished" }>["notes"] = [
    { kind: "all-right" },
    { kind: "not-looked-at", detail: "input/output error" },
  ];
  const markup = render("party", <Notes notes={notes} />, "de");
  assert.equal(markup.match(/<details/g)?.length, 1);
});

Deno.test("a page in German shows English only where it says so", () => {
  for (const scenario of ["told", "waiting", "failing", "no-folder", "read-only"] as const) {
    for (const tab of TABS) {
      const markup = render(scenario, <Frame />, "de", { tab });
      const words = wordsOf(markup.replace(/<p lang="en"[^>]*>.*?<\/p>/g, ""));
      assert.doesNotMatch(
        words,
        /\b(cannot|the peer|no peer|is asked|it was|permission denied|failed)\b/,
        `${scenario} ${tab}`,
      );
    }
  }
});
