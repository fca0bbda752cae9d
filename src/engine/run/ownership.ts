import type { Resource, SocketType } from "../node/socket-type.ts";

/**
 * Counts the references to everything that has to be freed, by identity. A value that passes through a node, or comes out
 * of two ports, is one thing with several references; it is freed once, when the last one goes. The count is the
 * same for all runs and caches of a realm, so that a value may go from one run into the next.
 */
const counts = new WeakMap<object, number>();
/** The first type that knew how to free a value; later readers may only know it as `any`. */
const types = new WeakMap<object, SocketType>();

function freeingType(value: object, type: SocketType | undefined): SocketType | undefined {
  const first = types.get(value);
  if (first !== undefined) return first;
  if (type?.dispose === undefined && type?.resources === undefined) return undefined;
  types.set(value, type);
  return type;
}

const add = (thing: object): void => void counts.set(thing, (counts.get(thing) ?? 0) + 1);

/** Whether this was the last reference. */
function drop(thing: object): boolean {
  const left = (counts.get(thing) ?? 0) - 1;
  if (left > 0) counts.set(thing, left);
  else counts.delete(thing);
  return left === 0;
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/** Adds a reference. */
export function retain(value: unknown, type: SocketType | undefined): void {
  if (!isObject(value)) return;
  const known = freeingType(value, type);
  if (known?.resources !== undefined) for (const resource of known.resources(value)) add(resource);
  else if (known !== undefined) add(value);
}

/** Takes a reference away and frees what has none left. */
export function release(value: unknown, type: SocketType | undefined): void {
  if (!isObject(value)) return;
  const known = freeingType(value, type);
  if (known?.resources !== undefined) {
    const last: Resource[] = [...known.resources(value)].filter(drop);
    for (const resource of last) resource.dispose();
  } else if (known !== undefined && drop(value)) {
    known.dispose?.(value);
  }
}

/** Marks a value as somebody else's: however often it is retained and released, the executor never frees it. */
export function borrow(value: unknown, type: SocketType | undefined): void {
  if (!isObject(value)) return;
  const known = freeingType(value, type);
  const things = known?.resources !== undefined ? known.resources(value) : known !== undefined ? [value] : [];
  for (const thing of things) if (!counts.has(thing)) counts.set(thing, Infinity);
}

/** A value with one reference to it. */
export interface Held {
  readonly value: unknown;
  readonly type: SocketType | undefined;
}

export function hold(value: unknown, type: SocketType | undefined): Held {
  retain(value, type);
  return { value, type };
}

export const letGo = ({ value, type }: Held): void => release(value, type);
