const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** `3 hours ago`; a date where it was longer ago than a week. */
export function ago(time: number, now = Date.now()): string {
  const age = now - time;
  if (age > 7 * 86_400_000) return new Date(time).toLocaleDateString("en", { dateStyle: "medium" });
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, ms] of STEPS) if (age >= ms) return words.format(-Math.floor(age / ms), unit);
  return "just now";
}

export const count = (number: number, one: string): string => `${number} ${number === 1 ? one : `${one}s`}`;

export const moment = (time: number): string =>
  new Date(time).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
