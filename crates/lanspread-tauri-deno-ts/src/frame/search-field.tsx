// The search field, reached by `/` and Ctrl+F from everywhere.
//
// Invariant: the words stand in the address, so they survive a look at another tab. Typing leads to the
// library, because that is where hits are seen.

import { type KeyboardEvent, useEffect, useRef } from "react";
import { Button } from "../ui/button.tsx";
import { useApp } from "../ui/context.ts";
import { Icon } from "../ui/icon.tsx";

export function SearchField() {
  const { texts, route, go } = useApp();
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (!opensSearch(event)) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const clear = () => {
    go({ words: "" });
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    if (route.words === "") field.current?.blur();
    else clear();
  };

  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        ref={field}
        type="text"
        inputMode="search"
        autoComplete="off"
        spellCheck={false}
        aria-label={texts.search.label}
        aria-keyshortcuts="/ Control+F"
        placeholder={texts.search.placeholder}
        value={route.words}
        onChange={(event) => go({ tab: "library", words: event.target.value })}
        onKeyDown={onKeyDown}
      />
      {route.words === ""
        ? <kbd aria-hidden="true">/</kbd>
        : <Button kind="plain" icon="close" label={texts.search.clear} onPress={clear} />}
    </div>
  );
}

/** Not while a dialog is open, and `/` not while something is being typed. */
function opensSearch(event: globalThis.KeyboardEvent): boolean {
  if (document.querySelector("dialog[open]")) return false;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") return true;
  const isTyping = event.target instanceof HTMLElement &&
    event.target.closest("input, textarea, select") !== null;
  return event.key === "/" && !isTyping;
}
