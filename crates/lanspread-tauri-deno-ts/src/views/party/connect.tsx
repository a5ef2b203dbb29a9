// Connects to a peer by its address, for networks on which peers do not find each other.
//
// Invariant: only something that looks like an address is sent; what it leads to is the peer's to say.

import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { useApp, useView } from "../../ui/context.ts";
import { Section } from "../../ui/parts.tsx";

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:.%]+\]):\d{1,5}$/;

export function ConnectForm() {
  const { texts, store } = useApp();
  const [addr, setAddr] = useState("");
  const asked = useView((view) => view.asked.has("connect"));
  const isAddress = ADDRESS.test(addr.trim());
  const isWrong = addr.trim().length >= texts.party.addressExample.length && !isAddress;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isAddress && await store.send({ cmd: "connect", addr: addr.trim() })) setAddr("");
  };

  return (
    <Section title={texts.party.connect}>
      <form className="connect" onSubmit={(event) => void submit(event)}>
        <p id="connect-hint">{texts.party.connectHint}</p>
        <label>
          <span>{texts.party.address}</span>
          <input
            value={addr}
            placeholder={texts.party.addressExample}
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isWrong}
            aria-describedby="connect-hint"
            onChange={(event) => setAddr(event.target.value)}
          />
        </label>
        <Button submits waits={asked || !isAddress}>
          {asked ? texts.shell.asked : texts.party.connectNow}
        </Button>
        {isWrong && <p className="limits-error" role="alert">{texts.party.badAddress}</p>}
      </form>
    </Section>
  );
}
