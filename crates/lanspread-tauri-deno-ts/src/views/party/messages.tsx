// What people say to the party, and the line to say something.
//
// Invariant: text is shown as text, in its own direction, beside whoever said it and when. What is seen
// counts as read, and only while the page is looked at. A guest reads and says nothing.

import { type FormEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Message } from "../../api/types.ts";
import { TEXT_BYTES_FULL, TEXT_BYTES_MAX, textBytes } from "../../state/messages.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useView } from "../../ui/context.ts";
import { Name, Nothing, Section } from "../../ui/parts.tsx";

export function Messages() {
  const { texts } = useApp();
  const { ask } = useMay();
  const messages = usePart("messages");
  const list = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1)?.number;
  useReading(messages);
  useLayoutEffect(() => {
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [newest]);
  return (
    <Section title={texts.say.title}>
      {messages.length === 0 && <Nothing>{texts.say.none}</Nothing>}
      <div
        ref={list}
        className="messages"
        role="log"
        aria-label={texts.say.title}
        tabIndex={messages.length > 0 ? 0 : undefined}
      >
        {messages.map((message) => <Line key={message.number} message={message} />)}
      </div>
      {ask && <SayForm />}
    </Section>
  );
}

function Line({ message }: { message: Message }) {
  const { texts, format } = useApp();
  const { ask } = useMay();
  return (
    <div className="message" data-own={message.own || undefined}>
      <p className="message-by">
        <Name>{message.name}</Name>
        {message.own && <em>{ask ? texts.party.you : texts.guest.host}</em>}
        <time dateTime={new Date(message.at_ms).toISOString()}>{format.clock(message.at_ms)}</time>
      </p>
      <p className="message-text" dir="auto">{message.text}</p>
    </div>
  );
}

/** What is shown is read as soon as somebody looks at the page. */
function useReading(messages: readonly Message[]) {
  const { readMessages } = useApp();
  const reading = useRef(readMessages);
  reading.current = readMessages;
  useEffect(() => {
    const read = () => {
      if (document.visibilityState === "visible") reading.current();
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [messages]);
}

function SayForm() {
  const { texts, store } = useApp();
  const [text, setText] = useState("");
  const asked = useView((view) => view.asked.has("say"));
  const left = TEXT_BYTES_MAX - textBytes(text);
  const isTooLong = left < 0;
  const isEmpty = text.trim() === "";

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isEmpty || isTooLong || asked) return;
    if (await store.send({ cmd: "say", text })) setText("");
  };

  return (
    <form className="say" onSubmit={(event) => void submit(event)}>
      <label>
        <span>{texts.say.label}</span>
        <input
          value={text}
          placeholder={texts.say.example}
          autoComplete="off"
          dir="auto"
          enterKeyHint="send"
          aria-invalid={isTooLong}
          aria-describedby="say-left"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <Button submits kind="main" waits={asked || isEmpty || isTooLong}>
        {asked ? texts.shell.asked : texts.say.send}
      </Button>
      <p id="say-left" className={isTooLong ? "limits-error" : "say-left"} role="status">
        {isTooLong && texts.say.tooLong}
        {!isTooLong && left <= TEXT_BYTES_MAX - TEXT_BYTES_FULL && texts.say.left(left)}
      </p>
    </form>
  );
}
