// Rate limits as they are typed: MiB per second, and nothing for no limit.
//
// Invariant: what is sent was understood; a text that is no rate, or a rate that the peer would refuse,
// is an error beside its field and never a guess.

/** The peer refuses anything slower, because others would take it for dead. */
export const LIMIT_MIN_BYTES_PER_S = 262_144;

const MEBIBYTE = 1024 * 1024;

export type ParsedLimit =
  | { ok: true; bytesPerSecond: number | null }
  | { ok: false; why: "not-a-number" | "too-slow" };

/** What a typed limit means. A comma counts as a decimal point. */
export function parseLimit(text: string): ParsedLimit {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, bytesPerSecond: null };
  if (!/^\d{1,7}([.,]\d{1,4})?$/.test(trimmed)) return { ok: false, why: "not-a-number" };
  const bytesPerSecond = Math.round(Number(trimmed.replace(",", ".")) * MEBIBYTE);
  if (bytesPerSecond < LIMIT_MIN_BYTES_PER_S) return { ok: false, why: "too-slow" };
  return { ok: true, bytesPerSecond };
}

/** A limit as it would be typed in a language. */
export function writeLimit(bytesPerSecond: number | null, language: string): string {
  if (bytesPerSecond === null) return "";
  return new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 2 })
    .format(bytesPerSecond / MEBIBYTE);
}
