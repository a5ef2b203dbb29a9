// Copies a report for whoever helps.
//
// Invariant: what is copied is what `report.ts` made, which leaves out what is private.

import { report } from "../../state/report.ts";
import { useApp, useSnapshot, useView } from "../../ui/context.ts";
import { CopyButton } from "../../ui/copy-button.tsx";

export function CopyReport() {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  const connection = useView((view) => view.connection);
  return (
    <div className="report">
      <CopyButton
        words={texts.help.copy}
        failed={texts.help.copyFailed}
        text={() => report(connection, snapshot, new Date())}
      />
      <p>{texts.help.copyHint}</p>
    </div>
  );
}
