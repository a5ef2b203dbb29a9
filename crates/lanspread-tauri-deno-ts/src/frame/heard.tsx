// The newest thing that somebody said, for a while, wherever one is but in the party.
//
// Invariant: only what comes while the page is open is shown, each once; whoever hears the page is told it
// when he is done with what he hears. It stays unread until the party is opened.

import { useEffect, useRef, useState } from "react";
import type { Message } from "../api/types.ts";
import { unread } from "../state/messages.ts";
import { Button } from "../ui/button.tsx";
import { useApp, usePart } from "../ui/context.ts";
import { Icon } from "../ui/icon.tsx";

/** Long enough to read the longest message. */
const SHOWN_MS = 12_000;

export function Heard() {
  const { texts, route, read, href } = useApp();
  const messages = usePart("messages");
  const newest = unread(messages, read).at(-1) ?? null;
  const [shown, setShown] = useState<Message | null>(null);
  const known = useRef(newest);
  useEffect(() => {
    if (newest === null || isSame(newest, known.current)) return;
    known.current = newest;
    setShown(newest);
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [newest?.number, newest?.at_ms]);
  const isShown = shown !== null && route.tab !== "party" && newest !== null;
  return (
    <div className="heard" role="status">
      {isShown && (
        <div className="heard-card">
          <Icon name="say" />
          <div>
            <strong>{texts.say.says(shown.name)}</strong>
            <p dir="auto">{shown.text}</p>
            <a href={href({ tab: "party", game: null })}>{texts.say.read}</a>
          </div>
          <Button
            kind="plain"
            icon="close"
            label={texts.shell.dismiss}
            onPress={() => setShown(null)}
          />
        </div>
      )}
    </div>
  );
}

function isSame(one: Message, other: Message | null): boolean {
  return one.number === other?.number && one.at_ms === other.at_ms;
}
