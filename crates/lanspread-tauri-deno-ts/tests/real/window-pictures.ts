// The pictures of the window that the documents show, out of those that were made while it was driven.
//
// Invariant: what the documents show is what the window showed, whole and in its own size; only the format is
// another one, ten times smaller.

import { chromium } from "playwright-core";
import { ARGUMENTS } from "../pages/browser.ts";
import { PICTURES } from "./webdriver.ts";

const DOCUMENTS_FOLDER = "../../docs/pictures";

/** The pictures by their name without `window-`, in the order in which the document shows them. */
const IN_DOCUMENTS = ["first-run", "download", "party-light-de"];

/** Puts them into the documents. */
export async function showInDocuments(): Promise<void> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
  try {
    for (const name of IN_DOCUMENTS) {
      const png = Deno.readFileSync(`${PICTURES}/window-${name}.png`);
      const page = await browser.newPage();
      await page.setContent(`<style>body { margin: 0 } img { display: block }</style><img>`);
      const size = await page.evaluate(async (source) => {
        const [image] = document.images;
        image!.src = source;
        await image!.decode();
        return { width: image!.naturalWidth, height: image!.naturalHeight };
      }, `data:image/png;base64,${base64(png)}`);
      await page.setViewportSize(size);
      const path = `${DOCUMENTS_FOLDER}/window-${name}.jpg`;
      await page.screenshot({ path, type: "jpeg", quality: 82 });
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

function base64(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
}
