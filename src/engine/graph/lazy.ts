import type { BlockEdge, Element } from "./blocks.ts";

/** A lazy input and what waits for it. */
export interface LazyInput {
  readonly owner: Element;
  readonly port: string;
  /** What runs only after the owner has begun: inside it when it asks, or for later readers. */
  readonly deferred: ReadonlySet<Element>;
  /** What the thunk itself runs: the deferred without those that only lazy inputs further in ask for. */
  readonly asked: ReadonlySet<Element>;
  /** All that the value may be made from inside the block, the deferred among it. */
  readonly ancestors: ReadonlySet<Element>;
}

function ancestors(
  starts: Iterable<Element>,
  within: ReadonlySet<Element>,
  follow: (edge: BlockEdge) => boolean,
): Set<Element> {
  const found = new Set<Element>();
  const queue = [...starts].filter((element) => within.has(element));
  for (let element = queue.pop(); element !== undefined; element = queue.pop()) {
    if (found.has(element)) continue;
    found.add(element);
    for (const edge of element.incoming) {
      if (edge.from !== undefined && within.has(edge.from) && follow(edge)) queue.push(edge.from);
    }
  }
  return found;
}

/**
 * Finds what each lazy input defers among the elements of one list of steps: its ancestors, except those that the same
 * node also needs at once and those that `mayDefer` excludes (with their own ancestors).
 */
export function findLazyInputs(
  elements: ReadonlySet<Element>,
  mayDefer: (element: Element) => boolean,
): LazyInput[] {
  const inputs: LazyInput[] = [];
  for (const owner of elements) {
    if (!owner.incoming.some((edge) => edge.lazy)) continue;
    const lazy = owner.incoming.filter((edge) => edge.lazy);
    const sources = owner.incoming.flatMap((edge) =>
      !edge.lazy && edge.from !== undefined ? [edge.from] : [],
    );
    const eager = ancestors(sources, elements, () => true);
    for (const { edge, from } of lazy) {
      const all = ancestors(from === undefined ? [] : [from], elements, () => true);
      const direct = ancestors(from === undefined ? [] : [from], elements, (one) => !one.lazy);
      const excluded = ancestors(
        [...all].filter((element) => !mayDefer(element)),
        elements,
        () => true,
      );
      const deferred = new Set([...all].filter((element) => !eager.has(element) && !excluded.has(element)));
      const asked = new Set([...direct].filter((element) => deferred.has(element)));
      inputs.push({ owner, port: edge.targetPort, deferred, asked, ancestors: all });
    }
  }
  return inputs;
}
