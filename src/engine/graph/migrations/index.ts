/** Upgrades a file of one format to the next. It gets plain JSON and returns new JSON. */
export interface FormatMigration {
  readonly from: number;
  migrate(json: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** The format that this version writes. */
export const CURRENT_FORMAT = 2;

/** Formats that only add keys to the one before: a file of that one is a file of this one, and needs no upgrade. */
const ADDITIVE: ReadonlySet<number> = new Set([2]);

/** One file each, in order. Format 1 is the first, and 2 only adds to it, so there is none yet. */
export const formatMigrations: readonly FormatMigration[] = [];

export type Upgrade =
  | { readonly ok: true; readonly json: Readonly<Record<string, unknown>>; readonly upgradedFrom?: number }
  | { readonly ok: false; readonly reason: string };

/** Brings a file to the current format, one step at a time. Reasons say what a person can do. */
export function upgradeFormat(
  json: Readonly<Record<string, unknown>>,
  migrations: readonly FormatMigration[] = formatMigrations,
  current: number = CURRENT_FORMAT,
): Upgrade {
  const { format } = json;
  if (typeof format !== "number" || !Number.isInteger(format)) {
    const reason = `must be the number of a file format (now ${current}). Is this a Latent Loom graph?`;
    return { ok: false, reason };
  }
  if (format > current) {
    const reason =
      `is ${format}, but this version reads up to ${current}: the file was saved by a newer Latent Loom. ` +
      `Update to open it; the file has been left as it was.`;
    return { ok: false, reason };
  }
  let upgraded = json;
  let reached = format;
  for (let at = format; at < current; at++) {
    const step = migrations.find(({ from }) => from === at);
    if (step === undefined && ADDITIVE.has(at + 1)) continue;
    if (step === undefined) {
      return {
        ok: false,
        reason: `is ${format}, which this version cannot read: formats start at ${migrations[0]?.from ?? current}.`,
      };
    }
    reached = at + 1;
    upgraded = { ...step.migrate(upgraded), format: reached };
  }
  return { ok: true, json: upgraded, ...(format < reached ? { upgradedFrom: format } : {}) };
}
