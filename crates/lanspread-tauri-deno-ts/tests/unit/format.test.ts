// Numbers, rates, limits and what is drawn from them.

import assert from "node:assert/strict";
import { formats } from "../../src/state/format.ts";
import { parseLimit, writeLimit } from "../../src/state/limits.ts";
import { ratePath, SAMPLES_MAX, scaleTop, withSample } from "../../src/state/rates.ts";
import type { RateSample } from "../../src/state/rates.ts";

const MEBIBYTE = 1024 * 1024;
const en = formats("en");
const de = formats("de");

Deno.test("bytes have the unit that keeps them short, as the language writes numbers", () => {
  assert.equal(en.bytes(0), "0\u00a0B");
  assert.equal(en.bytes(1023), "1,023\u00a0B");
  assert.equal(en.bytes(1024), "1\u00a0KiB");
  assert.equal(en.bytes(1.5 * MEBIBYTE), "1.5\u00a0MiB");
  assert.equal(de.bytes(1.5 * 1024 * MEBIBYTE), "1,5\u00a0GiB");
  assert.equal(en.bytes(431 * MEBIBYTE), "431\u00a0MiB");
  assert.equal(en.bytes(5_000 * 1024 ** 4), "5,000\u00a0TiB");
  assert.equal(de.rate(10.5 * MEBIBYTE), "10,5\u00a0MiB/s");
});

Deno.test("a share below one is never shown as the whole", () => {
  assert.equal(en.percent(0.9999), "99%");
  assert.equal(en.percent(1), "100%");
  assert.equal(en.percent(1.2), "100%");
  assert.equal(de.percent(0.031), "3\u00a0%");
});

Deno.test("times have at most two units, and long ones no seconds", () => {
  assert.equal(en.duration(0), "0 sec");
  assert.equal(en.duration(65_000), "1 min 5 sec");
  assert.equal(en.duration(120_000), "2 min");
  assert.equal(en.duration(11 * 60_000 + 20_000), "11 min");
  assert.equal(en.duration(3_720_000), "1 hr 2 min");
  assert.match(de.duration(3_720_000), /^1 Std\. 2 Min\.$/);
});

Deno.test("a limit is read with a point or a comma, and nothing means none", () => {
  assert.deepEqual(parseLimit(" 5 "), { ok: true, bytesPerSecond: 5 * MEBIBYTE });
  assert.deepEqual(parseLimit("0,25"), { ok: true, bytesPerSecond: 262_144 });
  assert.deepEqual(parseLimit("  "), { ok: true, bytesPerSecond: null });
});

Deno.test("a limit that is no number, or that the peer would refuse, is said to be", () => {
  for (const text of ["x", "-1", "1e9", "5 MiB", "1.2.3", "Infinity"]) {
    assert.deepEqual(parseLimit(text), { ok: false, why: "not-a-number" }, text);
  }
  for (const text of ["0", "0.2"]) {
    assert.deepEqual(parseLimit(text), { ok: false, why: "too-slow" }, text);
  }
});

Deno.test("a limit that was written is read as the same", () => {
  for (const language of ["en", "de"]) {
    for (const bytesPerSecond of [null, 262_144, 5 * MEBIBYTE, 1250.5 * MEBIBYTE]) {
      const text = writeLimit(bytesPerSecond, language);
      assert.deepEqual(parseLimit(text), { ok: true, bytesPerSecond }, `${language} ${text}`);
    }
  }
});

Deno.test("the history of rates never grows past its bound and keeps the newest", () => {
  let history: readonly RateSample[] = [];
  for (let atMs = 0; atMs < SAMPLES_MAX * 2; atMs += 1) {
    history = withSample(history, { atMs, down: atMs, up: 0 });
  }
  assert.equal(history.length, SAMPLES_MAX);
  assert.equal(history.at(-1)?.atMs, SAMPLES_MAX * 2 - 1);
});

Deno.test("the scale of the graph ends at a round number above every rate", () => {
  const top = (rate: number) =>
    scaleTop([{ atMs: 0, down: 0, up: rate * MEBIBYTE }, {
      atMs: 0,
      down: rate * MEBIBYTE,
      up: 0,
    }]) /
    MEBIBYTE;
  assert.deepEqual([0, 1, 1.1, 3, 64, 100, 101].map(top), [1, 1, 2, 5, 100, 100, 200]);
});

Deno.test("the graph ends at the right edge and stays within its box", () => {
  const history = [0, 5, 10].map((rate) => ({
    atMs: 0,
    down: rate * MEBIBYTE,
    up: 0,
  }));
  const { line, area } = ratePath(history, "down", 119, 100);
  assert.equal(line, "M117.0 100.0L118.0 50.0L119.0 0.0");
  assert.ok(area.startsWith(line) && area.endsWith("Z"));
  assert.equal(ratePath(history, "up", 119, 100).line, "M117.0 100.0L118.0 100.0L119.0 100.0");
  assert.deepEqual(ratePath(history.slice(0, 1), "down", 119, 100), { line: "", area: "" });
});
