import type { PlannedInput, Step } from "./plan-data.ts";

export interface InnerNode {
  readonly node: string;
  /** Begin nodes of the zones between the step and the node. */
  readonly within: readonly string[];
}

/** All nodes that a step holds, in the order in which they run. */
export function nodesOf(step: Step, within: readonly string[] = []): InnerNode[] {
  if (step.kind === "node") return [{ node: step.node, within }];
  const { begin, end } = step;
  const inner = [...step.before, ...step.body].flatMap((one) =>
    nodesOf(one, one.kind === "zone" ? [...within, one.begin.node] : within),
  );
  return [{ node: begin.node, within }, ...inner, { node: end.node, within }];
}

/** All inputs that a step reads, those inside a zone included. */
export function inputsOf(step: Step): PlannedInput[] {
  if (step.kind === "node") return [...step.inputs];
  return [
    ...step.begin.inputs,
    ...step.carry.flatMap(({ start, next }) => [start, next]),
    ...step.end.inputs,
    ...step.before.flatMap(inputsOf),
    ...step.body.flatMap(inputsOf),
  ];
}

/** Outputs that a step fills for other steps of its list. */
export function resultsOf(step: Step): { port: string; slot: number }[] {
  if (step.kind === "node") return step.outputs.map(({ port, slot }) => ({ port, slot }));
  return [
    ...step.end.outputs.map(({ port, slot }) => ({ port, slot })),
    ...step.carry.map(({ name, last }) => ({ port: name, slot: last })),
  ];
}

export interface InnerSlot {
  readonly slot: number;
  /** Begin nodes of the zones between the step and the slot. */
  readonly within: readonly string[];
}

/** Slots inside a zone, beside its results. */
export function innerSlots(step: Step, within: readonly string[] = []): InnerSlot[] {
  if (step.kind === "node") return [];
  const own = [...step.begin.outputs.map(({ slot }) => slot), ...step.carry.map(({ current }) => current)];
  const slots = own.map((slot) => ({ slot, within }));
  for (const inner of [...step.before, ...step.body]) {
    slots.push(...resultsOf(inner).map(({ slot }) => ({ slot, within })));
    if (inner.kind === "zone") slots.push(...innerSlots(inner, [...within, inner.begin.node]));
  }
  return slots;
}
