// The history of the rates that the graph draws.
//
// Invariant: it never grows past `SAMPLES_MAX`, however long the page stays open. It is a memory of what
// snapshots said, one sample for each moment, and never says how things stand.

import type { Operation, Snapshot, Upload } from "../api/types.ts";

/** Two minutes, at one sample each second. */
export const SAMPLES_MAX = 120;

/** The rates at one moment, in bytes per second. */
export interface RateSample {
  atMs: number;
  down: number;
  up: number;
}

/** The rate of all downloads together. */
export function downloadRate(operations: readonly Operation[]): number {
  return operations.reduce(
    (sum, { progress }) =>
      progress?.phase === "transferring" ? sum + progress.rate_bytes_per_s : sum,
    0,
  );
}

/** The rate of all uploads together. */
export function uploadRate(uploads: readonly Upload[]): number {
  return uploads.reduce((sum, upload) => sum + upload.rate_bytes_per_s, 0);
}

/** The sample of this moment. */
export function rateNow(
  { operations, uploads }: Pick<Snapshot, "operations" | "uploads">,
  atMs: number,
): RateSample {
  return { atMs, down: downloadRate(operations), up: uploadRate(uploads) };
}

/** A history with one more sample, without those that are too old. */
export function withSample(
  history: readonly RateSample[],
  sample: RateSample,
): readonly RateSample[] {
  return [...history, sample].slice(-SAMPLES_MAX);
}

/** The top of the scale: the next of 1, 2 and 5 times a power of ten MiB/s above every rate. */
export function scaleTop(history: readonly RateSample[]): number {
  const mebibyte = 1024 * 1024;
  const greatest = Math.max(mebibyte, ...history.flatMap(({ down, up }) => [down, up]));
  const decade = 10 ** Math.floor(Math.log10(greatest / mebibyte));
  const step = [1, 2, 5, 10].find((factor) => factor * decade * mebibyte >= greatest) ?? 10;
  return step * decade * mebibyte;
}

/** The line of one direction as an SVG path; the newest sample is at the right edge. */
export function ratePath(
  history: readonly RateSample[],
  direction: "down" | "up",
  width: number,
  height: number,
): { line: string; area: string } {
  const top = scaleTop(history);
  const step = width / (SAMPLES_MAX - 1);
  const points = history.map((sample, index) => {
    const x = width - (history.length - 1 - index) * step;
    const y = height - (sample[direction] / top) * height;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  if (points.length < 2) return { line: "", area: "" };
  const line = `M${points.join("L")}`;
  const left = width - (history.length - 1) * step;
  return { line, area: `${line}L${width} ${height}L${left.toFixed(1)} ${height}Z` };
}
