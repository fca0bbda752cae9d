/**
 * What the executor asks of the numerics below it. The engine holds values that it cannot read; the host knows how their
 * temporaries live and die. {@link plainHost} is a host for values that need nothing of this.
 */
export interface Host {
  /**
   * Calls `fn`, which is synchronous, and frees what was allocated meanwhile except what is in the returned value (looked
   * for in plain objects and arrays, and in values whose socket type has `resources`), what was handed to {@link keep},
   * and what is there already. When `fn` throws, all that it allocated is freed. Scopes nest only through `fn` itself.
   *
   * Every `run` of a node and every `next` and `finish` of a zone's driver is called inside a scope of its own. The nodes
   * that a lazy input evaluates run inside the scope of the node that asked, with none of their own, so that what they
   * allocate outlives them: a gradient needs the intermediates of the forward pass.
   */
  scope<T>(fn: () => T): T;
  /**
   * Takes what the value holds out of the scopes that are open, for ever: the executor frees it itself through its socket
   * type. Called for every output of a node that ran for a lazy input.
   */
  keep(value: unknown): void;
  /** Called after something large was unloaded: gives the memory back that the backend keeps for later. */
  trim?(): void;
  /** Called after each step has run; throws (or rejects) when the device reported an error meanwhile. */
  afterNode?(): void | Promise<void>;
  /** Asked when a node has failed: the real reason, where the host knows one that lies deeper, such as a device that is gone. */
  explain?(): Promise<string | undefined>;
}

export const plainHost: Host = {
  scope: (fn) => fn(),
  keep: () => undefined,
};
