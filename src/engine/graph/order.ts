import type { Element } from "./blocks.ts";
import { findLazyInputs, isLazyEdge, type LazyInput } from "./lazy.ts";

export interface OrderedElements {
  readonly order: readonly Element[];
  readonly lazy: readonly LazyInput[];
  /** Two elements that wait for each other, because each needs at once what a lazy input of the other defers. */
  readonly conflict?: readonly [Element, Element];
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
  const stack: { element: Element; needs: Element[]; at: number }[] = [];
  const enter = (element: Element): void => {
    state.set(element, "open");
    const needs = [...(extra.get(element) ?? [])];
    for (const edge of element.incoming) {
      if (edge.from !== undefined && elements.has(edge.from) && !isLazyEdge(edge)) needs.push(edge.from);
    }
    stack.push({ element, needs, at: 0 });
  };
  for (const start of elements) {
    if (state.has(start)) continue;
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = top.needs[top.at++];
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
