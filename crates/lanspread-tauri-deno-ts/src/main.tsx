// Starts the front end in the page.
//
// Invariant: it is the only module that does something by being loaded.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { chooseShell } from "./api/choose.ts";
import { Page } from "./frame/page.tsx";
import { Store } from "./state/store.ts";

const SAMPLE_PERIOD_MS = 1_000;

const shell = await chooseShell();
const root = document.getElementById("root");
if (shell !== null && root !== null) {
  const store = new Store(shell);
  store.follow();
  setInterval(() => store.sample(Date.now()), SAMPLE_PERIOD_MS);
  createRoot(root).render(
    <StrictMode>
      <Page shell={shell} store={store} />
    </StrictMode>,
  );
}
