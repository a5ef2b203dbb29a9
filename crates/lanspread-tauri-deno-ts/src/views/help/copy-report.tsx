// Copies a report for whoever helps.
//
// Invariant: what is copied is what `report.ts` made, which leaves out what is private. Where the
// browser does not allow copying, the report is shown to be selected.

import { useState } from "react";
import { report } from "../../state/report.ts";
import { Button } from "../../ui/button.tsx";
import { useApp, useSnapshot, useView } from "../../ui/context.ts";

type Copied = { state: "no" } | { state: "yes" } | { state: "failed"; text: string };

export function CopyReport() {
  const { texts } = useApp();
  const snapshot = useSnapshot();
  const connection = useView((view) => view.connection);
  const [copied, setCopied] = useState<Copied>({ state: "no" });

  const copy = async () => {
    const text = report(connection, snapshot, new Date());
    try {
      await navigator.clipboard.writeText(text);
      setCopied({ state: "yes" });
    } catch {
      setCopied({ state: "failed", text });
    }
  };

  return (
    <div className="report">
      <Button onPress={() => void copy()}>
        {copied.state === "yes" ? texts.help.copied : texts.help.copy}
      </Button>
      <p>{texts.help.copyHint}</p>
      {copied.state === "failed" && (
        <label>
          <span>{texts.help.copyFailed}</span>
          <textarea readOnly rows={10} value={copied.text} />
        </label>
      )}
    </div>
  );
}
