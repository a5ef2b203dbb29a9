// What is worked out for the eye: pictures and the grid.

import assert from "node:assert/strict";
import { oklch } from "../../src/design/oklch.ts";
import { initials, picture } from "../../src/design/picture.ts";
import { DENSITIES, SHAPES } from "../../src/state/preferences.ts";
import { layout, neighbour } from "../../src/views/library/layout.ts";

Deno.test("a picture depends on the id alone and differs between games", () => {
  assert.deepEqual(picture("0ad", "0 A.D."), picture("0ad", "0 A.D."));
  const ids = Array.from({ length: 200 }, (_, index) => `game-${index}`);
  const backgrounds = new Set(ids.map((id) => picture(id, id).background));
  assert.ok(backgrounds.size > 190);
});

Deno.test("initials are letters of the title in any script, and of the id where it has none", () => {
  assert.equal(initials("Extreme Tux Racer", "x"), "ET");
  assert.equal(initials("openarena", "x"), "OP");
  assert.equal(initials("סופר טוקס", "x"), "סט");
  assert.equal(initials("!!!", "hedgewars"), "HE");
  assert.equal(initials("", "--"), "?");
});

Deno.test("cards fill the width at every size, and there is always a column", () => {
  for (const density of DENSITIES) {
    for (const shape of SHAPES) {
      for (let width = 200; width < 4_000; width += 37) {
        const { columns, cardWidth, gap } = layout(width, 16, density, shape);
        assert.ok(columns >= 1);
        assert.ok(Math.abs(columns * cardWidth + (columns - 1) * gap - width) < 0.01);
      }
    }
  }
});

Deno.test("larger letters make larger cards", () => {
  const at = (rem: number) => layout(1_200, rem, "comfortable", "wide");
  assert.ok(at(32).cardHeight > at(16).cardHeight);
  assert.ok(at(32).columns < at(16).columns);
});

Deno.test("pictures on cards are wide or upright as chosen, and two upright ones fit on a telephone", () => {
  const wide = layout(1_200, 16, "comfortable", "wide");
  const box = layout(1_200, 16, "comfortable", "box");
  assert.ok(wide.artHeight < wide.cardWidth && box.artHeight > box.cardWidth);
  assert.ok(box.columns > wide.columns);
  assert.equal(layout(328, 16, "comfortable", "box").columns, 2);
  assert.deepEqual(layout(1_200, 16, "compact", "box"), layout(1_200, 16, "compact", "wide"));
});

Deno.test("arrow keys lead to the neighbours and stop at the edges", () => {
  assert.equal(neighbour(5, "ArrowDown", 4, 20), 9);
  assert.equal(neighbour(5, "ArrowUp", 4, 20), 1);
  assert.equal(neighbour(5, "ArrowRight", 4, 20), 6);
  assert.equal(neighbour(0, "ArrowLeft", 4, 20), 0);
  assert.equal(neighbour(18, "ArrowDown", 4, 20), 18);
  assert.equal(neighbour(5, "End", 4, 20), 19);
  assert.equal(neighbour(5, "x", 4, 20), 5);
});

// White, black, and the primaries of sRGB by the table of CSS Color 4's own examples.
Deno.test("colours that are named by their looks are those that CSS means", () => {
  assert.equal(oklch(1, 0, 0), "rgb(255 255 255 / 1)");
  assert.equal(oklch(0, 0, 0, 0.5), "rgb(0 0 0 / 0.5)");
  assert.equal(oklch(0.627966, 0.257704, 29.2346), "rgb(255 0 0 / 1)");
  assert.equal(oklch(0.866440, 0.294827, 142.4953), "rgb(0 255 0 / 1)");
  assert.equal(oklch(0.452014, 0.313214, 264.0520), "rgb(0 0 255 / 1)");
});
