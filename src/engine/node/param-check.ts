import type { ParamSpec } from "./params.ts";

const MAX_SEED = 2n ** 64n - 1n;

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

function checkNumber(spec: { min?: number; max?: number }, value: unknown, word: string): string | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return `must be ${word}, but is ${show(value)}`;
  if (spec.min !== undefined && value < spec.min) return `must be at least ${spec.min}, but is ${value}`;
  if (spec.max !== undefined && value > spec.max) return `must be at most ${spec.max}, but is ${value}`;
  return undefined;
}

function checkSeed(value: unknown): string | undefined {
  const fits =
    typeof value === "number"
      ? Number.isSafeInteger(value) && value >= 0
      : typeof value === "string" && /^\d{1,20}$/.test(value) && BigInt(value) <= MAX_SEED;
  return fits
    ? undefined
    : `must be a whole number from 0 to 2^53-1, or a text of digits below 2^64, but is ${show(value)}`;
}

/** Why a value cannot be that of a parameter, as the rest of a sentence that begins with its name; undefined if it can. */
export function checkParam(spec: ParamSpec, value: unknown): string | undefined {
  switch (spec.kind) {
    case "int":
      return Number.isSafeInteger(value)
        ? checkNumber(spec, value, "a whole number")
        : `must be a whole number, but is ${show(value)}`;
    case "float":
      return checkNumber(spec, value, "a number");
    case "boolean":
      return typeof value === "boolean" ? undefined : `must be true or false, but is ${show(value)}`;
    case "seed":
      return checkSeed(value);
    case "choice":
      return spec.options.some((option) => option === value)
        ? undefined
        : `must be one of ${spec.options.map(show).join(", ")}, but is ${show(value)}`;
    case "text":
    case "source":
      return typeof value === "string" ? undefined : `must be a text, but is ${show(value)}`;
  }
}
