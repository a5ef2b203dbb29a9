// Puts a text on the clipboard, also where a page has no clipboard of its own.
//
// Invariant: the focus is afterwards where it was. A page that came over plain HTTP from another machine
// has no `navigator.clipboard`; what is selected in it can be copied all the same.

/** Copies a text; rejects where the browser allows no way of doing it. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copySelected(text);
  }
}

function copySelected(text: string): void {
  const held = document.activeElement;
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.readOnly = true;
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (held instanceof HTMLElement) held.focus({ preventScroll: true });
  if (!isCopied) throw new Error("the browser does not copy");
}
