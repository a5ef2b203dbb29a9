// Who may come: the code of the party, and guests.
//
// Invariant: a code goes in and never comes out; what is shown is only whether one holds, and whether that
// is what is kept. A code that is refused stays in its field, with the peer's reason told.

import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useView } from "../../ui/context.ts";
import { Switch } from "../../ui/switch.tsx";
import { GuestAddresses } from "./guest-links.tsx";

export function PartyCode() {
  const { texts, store } = useApp();
  const { party_code: holds } = usePart("me");
  const { party_code: isKept, party_code_differs: differs } = usePart("settings");
  const asked = useView((view) => view.asked.has("change-settings"));
  const [code, setCode] = useState("");
  const words = texts.settings;

  const otherKept = holds ? words.codeOtherKept : words.codeKept;
  const kept = isKept ? otherKept : words.codeNotKept;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() === "") return;
    if (await store.send({ cmd: "change-settings", party_code: code.trim() })) setCode("");
  };
  const remove = () => void store.send({ cmd: "change-settings", party_code: "" });

  return (
    <form className="setting" onSubmit={(event) => void submit(event)}>
      <h3>{words.code}</h3>
      <p>{holds ? words.codeSet : words.codeNone}</p>
      {differs && <p>{kept}</p>}
      <label>
        <span>{isKept ? words.codeOther : words.codeNew}</span>
        <input
          value={code}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <Button submits waits={asked || code.trim() === ""}>
        {asked ? texts.shell.asked : words.codeKeep}
      </Button>
      {isKept && <Button waits={asked} onPress={remove}>{words.codeRemove}</Button>}
    </form>
  );
}

export function GuestSwitch() {
  const { texts, store } = useApp();
  const { desktop } = useMay();
  const { guests } = usePart("settings");
  const isAsked = useView((view) => view.asked.has("change-settings"));
  return (
    <>
      <Switch
        label={texts.settings.guests}
        hint={desktop ? texts.settings.guestsHintHere : texts.settings.guestsHint}
        isOn={guests}
        isAsked={isAsked}
        onToggle={(on) => void store.send({ cmd: "change-settings", guests: on })}
      />
      {guests && <GuestAddresses />}
    </>
  );
}
