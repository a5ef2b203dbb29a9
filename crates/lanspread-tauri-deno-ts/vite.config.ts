// How the front end is built: one page, one script, one style sheet.
//
// Invariant: a page made for a peer holds no mock, and nothing in any build comes from outside: the
// page is served under `default-src 'self'`, so no asset may become a `data:` address either.

import process from "node:process";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig(({ command }) => {
  const mockBuild = process.env.VITE_MOCK === "1";
  return {
    plugins: [react()],
    base: "./",
    define: { __MOCK__: JSON.stringify(mockBuild || command === "serve") },
    build: {
      outDir: mockBuild ? "dist-mock" : "dist",
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2022",
    },
  };
});
