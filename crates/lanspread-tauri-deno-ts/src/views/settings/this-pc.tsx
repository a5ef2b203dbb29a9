// What belongs to this PC: the folders of games, and what the window's program does.
//
// Invariant: what only the window's program can do is offered there alone.

import { useApp, useMay, usePart, useView } from "../../ui/context.ts";
import { Section } from "../../ui/parts.tsx";
import { Switch } from "../../ui/switch.tsx";
import { Folders } from "./folders.tsx";

export function ThisPc() {
  const { texts } = useApp();
  const may = useMay();
  return (
    <Section title={texts.settings.pc}>
      <Folders />
      {may.desktop && <DesktopSwitches />}
    </Section>
  );
}

function DesktopSwitches() {
  const { texts, store } = useApp();
  const { start_with_system, keep_in_tray } = usePart("settings");
  const isAsked = useView((view) => view.asked.has("change-settings"));
  const words = texts.settings;
  return (
    <>
      <Switch
        label={words.startWithSystem}
        hint={words.startWithSystemHint}
        isOn={start_with_system}
        isAsked={isAsked}
        onToggle={(on) => void store.send({ cmd: "change-settings", start_with_system: on })}
      />
      <Switch
        label={words.keepInTray}
        hint={words.keepInTrayHint}
        isOn={keep_in_tray}
        isAsked={isAsked}
        onToggle={(on) => void store.send({ cmd: "change-settings", keep_in_tray: on })}
      />
    </>
  );
}
