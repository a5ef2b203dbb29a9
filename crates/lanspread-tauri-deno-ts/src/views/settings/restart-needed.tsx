// Says that something was set that holds only after the next start.
//
// Invariant: it is there as long as the peer says so, and offers a restart only where there can be one.

import { RESTART } from "../../state/store.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useMay, usePart, useView } from "../../ui/context.ts";

export function RestartNeeded() {
  const { texts, store } = useApp();
  const { restart_needed } = usePart("settings");
  const { restart } = useMay();
  const asked = useView((view) => view.asked.has(RESTART));
  const words = texts.settings;
  if (!restart_needed) return null;
  return (
    <div className="warning warning-calm restart" role="status">
      <strong>{words.restartTitle}</strong>
      <p>{restart ? words.restartBody : words.restartElsewhere}</p>
      {restart && (
        <Button kind="main" waits={asked} onPress={() => void store.restart()}>
          {asked ? words.restarting : words.restart}
        </Button>
      )}
    </div>
  );
}
