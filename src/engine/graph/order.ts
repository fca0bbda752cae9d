import type { Element } from "./blocks.ts";
import { findLazyInputs, type LazyInput } from "./lazy.ts";

export interface OrderedElements {
  readonly order: readonly Element[];
  readonly lazy: readonly LazyInput[];
  /** Two elements that wait for each other, because each needs at once what a lazy input of the other defers. */
  readonly conflict?: readonly [Element, Element];
}

/** An element on the way down, and how many of its needs have been looked at. */
interface Visit {
  readonly element: Element;
  readonly extra: readonly Element[];
  at: number;
}

const none: readonly Element[] = [];

/** The next of what the element waits for: first `extra`, then the sources of its wires that are not lazy. */
function nextNeed(visit: Visit, elements: ReadonlySet<Element>): Element | undefined {
  const { element, extra } = visit;
  if (visit.at < extra.length) return extra[visit.at++];
  for (;;) {
    const edge = element.incoming[visit.at++ - extra.length];
    if (edge === undefined) return undefined;
    if (edge.from !== undefined && !edge.lazy && elements.has(edge.from)) return edge.from;
  }
}

/**
 * Sorts the elements of one list so that each comes after what it needs. Depth first, so that a value is read soon after
 * it is made. What a lazy input defers comes after the input's owner, because the owner runs it.
 */
export function orderElements(elements: ReadonlySet<Element>): OrderedElements {
  const lazy = findLazyInputs(elements, ({ node }) => node !== undefined && node.description?.async !== true);
  const extra = new Map<Element, Element[]>();
  const wait = (element: Element, first: Element): void => {
    const list = extra.get(element);
    if (list === undefined) extra.set(element, [first]);
    else list.push(first);
  };
  for (const { owner, deferred, ancestors } of lazy) {
    for (const element of ancestors) {
      if (deferred.has(element)) wait(element, owner);
      else wait(owner, element);
    }
  }

  const order: Element[] = [];
  const state = new Map<Element, "open" | "done">();
  const stack: Visit[] = [];
  const enter = (element: Element): void => {
    state.set(element, "open");
    stack.push({ element, extra: extra.get(element) ?? none, at: 0 });
  };
  for (const start of elements) {
    if (state.has(start)) continue;
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = nextNeed(top, elements);
      if (need === undefined) {
        state.set(top.element, "done");
        order.push(top.element);
        stack.pop();
      } else if (state.get(need) === "open") {
        return { order, lazy, conflict: [need, top.element] };
      } else if (!state.has(need)) {
        enter(need);
      }
    }
  }
  return { order, lazy };
}
