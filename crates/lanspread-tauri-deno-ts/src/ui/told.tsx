// What the peer has to say, in the reader's language, and in its own words where those say more.
//
// Invariant: the peer speaks English. In English its sentence stands alone, since it says what to do; in any
// other language the words of that language come first, and the peer's beneath them, marked as English.

import type { Note } from "../api/types.ts";
import { errorWords } from "../i18n/texts.ts";
import { noteWords } from "../state/told.ts";
import { useApp } from "./context.ts";

interface ToldProps {
  /** The sentence in the reader's language. */
  words: string;
  /** The peer's own; empty if it said none. */
  exact: string;
  /** Whether that says more than the sentence does. */
  saysMore?: boolean;
}

export function Told({ words, exact, saysMore = true }: ToldProps) {
  const { preferences } = useApp();
  if (preferences.language === "en") return <p dir="auto">{exact === "" ? words : exact}</p>;
  return (
    <>
      <p dir="auto">{words}</p>
      {saysMore && exact !== "" && <Exact exact={exact} />}
    </>
  );
}

/** The peer's own words, for whoever looks for them or helps. */
function Exact({ exact }: { exact: string }) {
  const { texts } = useApp();
  return (
    <details className="told-exact">
      <summary>{texts.told.exact}</summary>
      <p lang="en" dir="auto">{exact}</p>
    </details>
  );
}

/** What a kind of error means and what to do, beneath its headline. */
export function ErrorTold({ kind, message }: { kind: string; message: string }) {
  const { texts } = useApp();
  return <Told words={errorWords(texts, kind).body} exact={message} />;
}

/** What a finished operation tells beside its figures. */
export function Notes({ notes }: { notes: readonly Note[] }) {
  const { texts } = useApp();
  return notes.map((note, index) => {
    const { words, detail } = noteWords(texts, note);
    return (
      <div key={index}>
        <p dir="auto">{words}</p>
        {detail !== null && <Exact exact={detail} />}
      </div>
    );
  });
}
