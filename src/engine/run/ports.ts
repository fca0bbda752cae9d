import { EngineError } from "./errors.ts";
import { hold, type Held } from "./ownership.ts";
import type { PlannedInput, PlannedNode, PlannedOutput } from "./plan-data.ts";
import type { RunState } from "./state.ts";

/** What the slots hold together, in bytes. */
export function bytesIn(state: RunState, outputs: readonly { readonly slot: number }[]): number {
  let bytes = 0;
  for (const { slot } of outputs) {
    const held = state.held(slot);
    if (held?.value !== undefined) bytes += held.type?.bytes?.(held.value) ?? 0;
  }
  return bytes;
}

/**
 * Reads what is wired into an input, converted where the wire converts; converted values are added to `converted`.
 * `insideScope` says that a scope is open that has to outlive the value.
 */
export function readInput(
  state: RunState,
  node: PlannedNode,
  input: PlannedInput,
  converted: Held[],
  insideScope = false,
): unknown {
  const original = state.held(input.slot)?.value;
  let value = original;
  if (input.conversion !== undefined && original !== undefined) {
    const { from, to } = input.conversion;
    const convert = (): unknown => state.conversion(from, to)?.convert(original);
    value = insideScope ? convert() : state.host.scope(convert);
    if (insideScope) state.host.keep(value);
    converted.push(hold(value, state.type(to)));
  }
  const absent = value === undefined;
  if ((input.check === true && !absent) || (absent && input.optional !== true)) {
    checkValue(state, node, input.port, input.type, value, "input");
  }
  return value;
}

/** Whether the result has an acceptable value for the output. */
export const isSound = (
  state: RunState,
  { port, type, optional }: PlannedOutput,
  outputs: Record<string, unknown>,
): boolean =>
  (optional === true && outputs[port] === undefined) || state.type(type)?.guard(outputs[port]) === true;

/** Checks what a node or driver returned: each output by the guard of its type, and that there is nothing else. */
export function checkOutputs(
  state: RunState,
  node: PlannedNode,
  outputs: Readonly<Record<string, unknown>>,
): void {
  for (const { port, type, optional } of node.outputs) {
    if (optional === true && outputs[port] === undefined) continue;
    checkValue(state, node, port, type, outputs[port], "output");
  }
  for (const name of Object.keys(outputs)) {
    if (node.outputs.some(({ port }) => port === name)) continue;
    throw new EngineError(`it returned "${name}", which is not one of its outputs.`, state.place(node, name));
  }
}

export function storeOutputs(
  state: RunState,
  ports: readonly PlannedOutput[],
  outputs: Readonly<Record<string, unknown>>,
): void {
  for (const { port, slot, type } of ports) state.fill(slot, outputs[port], state.type(type));
}

function checkValue(
  state: RunState,
  node: PlannedNode,
  port: string,
  typeId: string,
  value: unknown,
  side: "input" | "output",
): void {
  const type = state.type(typeId);
  if (type === undefined || type.guard(value)) return;
  const got = value === undefined ? "nothing" : describeValue(value);
  throw new EngineError(
    `${side} "${port}" must be ${type.label}${type.shape === undefined ? "" : ` ${type.shape}`}, but is ${got}.`,
    state.place(node, port),
  );
}

function describeValue(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    const shape: unknown = "shape" in value ? value.shape : undefined;
    if (Array.isArray(shape)) return `[${shape.join(",")}]`;
    return Array.isArray(value) ? `a list of ${value.length}` : "an object";
  }
  return typeof value === "function" ? "a function" : JSON.stringify(value);
}
