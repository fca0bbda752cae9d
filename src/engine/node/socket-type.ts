import type { Resident } from "./resident.ts";

/**
 * A typed token for what travels on a wire.
 *
 * Values are immutable: a node never changes what it was given, it returns something new. That is what lets the
 * cache, the step scrubber and two readers of one wire share a value.
 */
export interface SocketType<T = unknown> {
  /** Stable id used in descriptions and in the editor's theme, for example `latent`. */
  readonly id: string;
  /** What a person reads, for example `Latent`. */
  readonly label: string;
  /** Shape in the words of the field, for example `[batch, height, width, channels]`. */
  readonly shape?: string;
  /** Id of the wider type: a `latent` may flow into a `tensor` input, never the other way. */
  readonly extends?: string;
  /** Run-time check; it also carries the static type. */
  readonly guard: (value: unknown) => value is T;
  /** Frees what the value holds outside the JavaScript heap. Called exactly once, after the last reader. */
  dispose?(value: T): void;
  /**
   * The things inside the value that must be freed. When given, it takes the place of `dispose`: references are counted
   * for each resource, so that two values may share some (an updated model that shares its frozen weights), and
   * `resource.dispose()` is called exactly once, when no living value holds it.
   */
  resources?(value: T): Iterable<Resource>;
  /** Bytes that the value holds, for the cache's budget. */
  bytes?(value: T): number;
  /** What of the value need not be in memory all the time. It counts for the memory budget, and not for the cache's. */
  residents?(value: T): readonly Resident[];
  /** One line for error messages and inspectors, for example `[1,28,28,1] float32`. */
  describe?(value: T): string;
}

/** Anything with a `dispose`, for example a tensor. */
export interface Resource {
  dispose(): void;
}

/** The value type that a socket type carries. */
export type SocketValue<S> = S extends SocketType<infer T> ? T : never;

/** Declares a socket type. The type parameter comes from the guard. */
export function socketType<T>(spec: SocketType<T>): SocketType<T> {
  return Object.freeze(spec);
}

/** Matches every type: notes, reroutes, inspectors. */
export const anyType = socketType<unknown>({
  id: "any",
  label: "Anything",
  guard: (value): value is unknown => value !== undefined,
});

export const intType = socketType<number>({
  id: "int",
  label: "Integer",
  guard: (value): value is number => Number.isInteger(value),
  describe: String,
});

export const floatType = socketType<number>({
  id: "float",
  label: "Number",
  guard: (value): value is number => typeof value === "number",
  describe: String,
});

export const booleanType = socketType<boolean>({
  id: "boolean",
  label: "Yes or no",
  guard: (value): value is boolean => typeof value === "boolean",
  describe: String,
});

export const textType = socketType<string>({
  id: "text",
  label: "Text",
  guard: (value): value is string => typeof value === "string",
  describe: (value) => JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value),
});
