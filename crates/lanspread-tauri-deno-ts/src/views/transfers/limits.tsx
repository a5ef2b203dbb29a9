// How fast transfers may be, and the switch for whoever is playing.
//
// Invariant: what stands in a field that was not touched is the snapshot's limit. A field that was
// touched is the user's until the limits are set, and then the snapshot's again.

import { type FormEvent, useState } from "react";
import type { Limits } from "../../api/types.ts";
import { parseLimit, writeLimit } from "../../state/limits.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, usePart, useView } from "../../ui/context.ts";
import { Section } from "../../ui/parts.tsx";
import { Switch } from "../../ui/switch.tsx";

const FIELDS = [
  "upload_bytes_per_s",
  "upload_per_peer_bytes_per_s",
  "download_bytes_per_s",
  "download_per_peer_bytes_per_s",
] as const satisfies (keyof Limits)[];

type Typed = Partial<Record<(typeof FIELDS)[number], string>>;

export function LimitsForm() {
  const { texts, store, preferences } = useApp();
  const limits = usePart("limits");
  const asked = useView((view) => view.asked.has("set-rate-limits"));
  const [typed, setTyped] = useState<Typed>({});
  const words = texts.transfers;

  const textOf = (field: (typeof FIELDS)[number]) =>
    typed[field] ?? writeLimit(limits[field], preferences.language);
  const parsed = FIELDS.map((field) => ({ field, limit: parseLimit(textOf(field)) }));
  const isTouched = Object.keys(typed).length > 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const change: Partial<Limits> = {};
    for (const { field, limit } of parsed) {
      if (!limit.ok) return;
      if (typed[field] !== undefined) change[field] = limit.bytesPerSecond;
    }
    if (await store.send({ cmd: "set-rate-limits", ...change })) setTyped({});
  };

  return (
    <Section title={words.limits}>
      <PlayingSwitch />
      <form className="limits" onSubmit={(event) => void submit(event)}>
        <p>{words.limitsHint}</p>
        {parsed.map(({ field, limit }) => (
          <label key={field}>
            <span>{words[field]}</span>
            <input
              inputMode="decimal"
              autoComplete="off"
              placeholder={words.noLimit}
              value={textOf(field)}
              aria-invalid={!limit.ok}
              aria-describedby={limit.ok ? undefined : `${field}-error`}
              onChange={(event) => setTyped({ ...typed, [field]: event.target.value })}
            />
            {!limit.ok && (
              <span id={`${field}-error`} className="limits-error" role="alert">
                {limit.why === "too-slow" ? words.tooSlow : words.notANumber}
              </span>
            )}
          </label>
        ))}
        {isTouched && (
          <Button
            kind="main"
            submits
            waits={asked || parsed.some(({ limit }) => !limit.ok)}
          >
            {asked ? texts.shell.asked : words.apply}
          </Button>
        )}
      </form>
    </Section>
  );
}

function PlayingSwitch() {
  const { texts, store } = useApp();
  const playing = usePart("playing");
  const asked = useView((view) => view.asked.has("set-playing"));
  return (
    <Switch
      label={texts.transfers.playing}
      hint={texts.transfers.playingHint}
      isOn={playing}
      isAsked={asked}
      onToggle={(on) => void store.send({ cmd: "set-playing", playing: on })}
    />
  );
}
