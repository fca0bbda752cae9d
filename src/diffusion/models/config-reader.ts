/** A parsed `config.json`. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads the options of a `config.json` one by one and refuses, by the option's name, what is not supported: a value of the
 * wrong type, a choice that the model here does not know, and at the end every option that was never asked for.
 */
export class ConfigReader {
  readonly #className: string;
  readonly #json: JsonObject;
  readonly #seen = new Set<string>();

  /** @param className what to call the model in messages. */
  constructor(className: string, json: JsonObject) {
    this.#className = className;
    this.#json = json;
  }

  /** The raw value; undefined when the option is absent. */
  raw(name: string): unknown {
    this.#seen.add(name);
    return this.#json[name];
  }

  fail(name: string, expected: string): never {
    throw new Error(
      `${this.#className} config: ${name} is ${JSON.stringify(this.#json[name])}, which is not supported; ${expected}.`,
    );
  }

  integer(name: string, fallback: number): number {
    const value = this.raw(name) ?? fallback;
    return isPositiveInteger(value) ? value : this.fail(name, "a whole number above 0 is");
  }

  number(name: string, fallback: number): number {
    const value = this.raw(name) ?? fallback;
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(name, "a number is");
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    return typeof value === "boolean" ? value : this.fail(name, "true or false is");
  }

  integerOrNull(name: string): number | null {
    const value = this.raw(name) ?? null;
    return value === null || isPositiveInteger(value)
      ? value
      : this.fail(name, "a whole number above 0 or null is");
  }

  choice<const T extends string | null>(name: string, choices: readonly T[], fallback: T): T {
    const given = this.raw(name);
    const value = given === undefined ? fallback : given;
    const found = choices.find((choice) => choice === value);
    return found === undefined
      ? this.fail(name, `${choices.map((choice) => JSON.stringify(choice)).join(", ")} are`)
      : found;
  }

  integers(name: string, fallback: readonly number[]): readonly number[] {
    const value = this.raw(name) ?? fallback;
    const fits = Array.isArray(value) && value.length > 0 && value.every(isPositiveInteger);
    return fits ? (value as readonly number[]) : this.fail(name, "a list of whole numbers above 0 is");
  }

  choices<const T extends string>(name: string, choices: readonly T[], fallback: readonly T[]): readonly T[] {
    const value = this.raw(name) ?? fallback;
    const fits =
      Array.isArray(value) && value.length > 0 && value.every((item) => choices.includes(item as T));
    return fits
      ? (value as readonly T[])
      : this.fail(name, `a list of ${choices.map((c) => JSON.stringify(c)).join(", ")} is`);
  }

  /** One value for every one of `length` blocks, or a list with one for each. */
  perBlock<T>(
    name: string,
    length: number,
    fallback: T,
    isValue: (value: unknown) => value is T,
    expected: string,
  ): readonly T[] {
    const value = this.raw(name) ?? fallback;
    if (isValue(value)) return new Array<T>(length).fill(value);
    const fits = Array.isArray(value) && value.length === length && value.every(isValue);
    return fits
      ? (value as readonly T[])
      : this.fail(name, `${expected}, or a list of ${String(length)}, is`);
  }

  integerPerBlock(name: string, length: number, fallback: number): readonly number[] {
    return this.perBlock(name, length, fallback, isPositiveInteger, "a whole number above 0");
  }

  /** Refuses every option but those whose value makes no difference. */
  only(name: string, ...values: readonly unknown[]): void {
    const value = this.raw(name);
    if (value !== undefined && !values.includes(value)) {
      this.fail(name, `${values.map((allowed) => JSON.stringify(allowed)).join(" or ")} is`);
    }
  }

  /** Names options that this model need not know. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#seen.add(name);
  }

  /** @throws naming the options that nobody asked for, unless they say "no" (null or false). */
  finish(): void {
    const unknown = Object.entries(this.#json).filter(
      ([name, value]) => !name.startsWith("_") && !this.#seen.has(name) && value !== null && value !== false,
    );
    if (unknown.length === 0) return;
    const list = unknown.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ");
    throw new Error(
      `${this.#className} config: unknown option ${list}. This model cannot be run faithfully here.`,
    );
  }
}

export const isPositiveInteger = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0;
