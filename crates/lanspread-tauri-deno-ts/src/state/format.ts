// Numbers as people of a language write them.
//
// Invariant: a rounded figure never claims more than is there: a share below one is never shown as
// 100 %. Sizes are binary (MiB, GiB), as everywhere in Lanspread.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export interface Formats {
  number(value: number): string;
  bytes(bytes: number): string;
  rate(bytesPerSecond: number): string;
  percent(share: number): string;
  duration(ms: number): string;
  clock(atMs: number): string;
  /** Day and time to the second. */
  moment(atMs: number): string;
}

/** How a language writes numbers. */
export function formats(language: string): Formats {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(language, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const percents = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const moment = new Intl.DateTimeFormat(language, {
    day: "2-digit",
    month: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const unit = (value: number, name: "hour" | "minute" | "second") =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" })
      .format(value);

  const bytes = (value: number) => {
    const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
    const scaled = value / 1024 ** power;
    const figure = power < 2 || scaled >= 100 ? whole.format(scaled) : tenths.format(scaled);
    return `${figure}\u00a0${UNITS[power]}`;
  };

  return {
    number: (value) => whole.format(value),
    bytes,
    rate: (value) => `${bytes(value)}/s`,
    percent: (share) => percents.format(Math.floor(Math.min(1, Math.max(0, share)) * 100) / 100),
    duration: (ms) => {
      const seconds = Math.max(0, Math.round(ms / 1000));
      const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      if (h > 0) return `${unit(h, "hour")} ${unit(m, "minute")}`;
      if (m >= 10 || (m > 0 && s === 0)) return unit(m, "minute");
      return m > 0 ? `${unit(m, "minute")} ${unit(s, "second")}` : unit(s, "second");
    },
    clock: (atMs) => clock.format(atMs),
    moment: (atMs) => moment.format(atMs),
  };
}
