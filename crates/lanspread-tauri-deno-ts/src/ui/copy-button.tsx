// Copies a text; where the browser does not allow it, shows the text to be selected.
//
// Invariant: what is copied is what `text` gives at the moment of the press, and the button says that it was.

import { useState } from "react";
import { Button } from "./button.tsx";
import { copyText } from "./clipboard.ts";
import { useApp } from "./context.ts";

type Copied = { state: "no" } | { state: "yes" } | { state: "failed"; text: string };

interface CopyButtonProps {
  words: string;
  /** What is said above a text that has to be selected by hand. */
  failed: string;
  text(): string;
}

export function CopyButton({ words, failed, text }: CopyButtonProps) {
  const { texts } = useApp();
  const [copied, setCopied] = useState<Copied>({ state: "no" });

  const copy = async () => {
    const wanted = text();
    try {
      await copyText(wanted);
      setCopied({ state: "yes" });
    } catch {
      setCopied({ state: "failed", text: wanted });
    }
  };

  return (
    <>
      <Button onPress={() => void copy()}>
        {copied.state === "yes" ? texts.help.copied : words}
      </Button>
      {copied.state === "failed" && (
        <label className="copy-by-hand">
          <span>{failed}</span>
          <textarea readOnly rows={10} value={copied.text} />
        </label>
      )}
    </>
  );
}
