import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { memoryKeyValues } from "../../../src/editor/library/key-values.ts";
import type { KeyValues } from "../../../src/editor/library/key-values.ts";
import { Keeper } from "../../../src/editor/library/keeper.ts";
import { Library } from "../../../src/editor/library/library.ts";
import { openingGraph } from "../../../src/editor/library/opening.ts";
import type { Held, TabLocks } from "../../../src/editor/library/tab-locks.ts";
import { rename } from "../../../src/editor/graph/edits.ts";
import { GraphStore } from "../../../src/editor/store/graph-store.ts";
import { zoned } from "../fixtures/graphs.ts";

/** Locks of one browser, shared by its tabs. */
function browserLocks(): { tab(): TabLocks & { die(): void } } {
  const holders = new Map<string, { owner: object; stolen: () => void }>();
  return {
    tab() {
      const owner = {};
      const hold = (id: string): Held => {
        let tell = (): void => undefined;
        const stolen = new Promise<void>((resolve) => (tell = resolve));
        holders.set(id, { owner, stolen: tell });
        return {
          stolen,
          release: () => {
            if (holders.get(id)?.owner === owner) holders.delete(id);
          },
        };
      };
      return {
        acquire: (id) => Promise.resolve(holders.has(id) ? undefined : hold(id)),
        steal: (id) => {
          holders.get(id)?.stolen();
          return Promise.resolve(hold(id));
        },
        die: () => {
          for (const [id, holder] of holders) if (holder.owner === owner) holders.delete(id);
        },
      };
    },
  };
}

type Talk = ConstructorParameters<typeof Keeper>[0]["talk"];

/** Tabs that hear each other, unless one is frozen. */
class Tabs {
  readonly all = new Set<Talk>();
  join(): Talk {
    const talk: Talk = {
      onHandOver: undefined,
      onChanged: undefined,
      tellChanged: () => undefined,
      askFor: async (graph) => {
        for (const other of this.all) if (other !== talk && (await other.onHandOver?.(graph))) return true;
        return false;
      },
    };
    this.all.add(talk);
    return talk;
  }
}

class Tab {
  readonly store: GraphStore;
  readonly keeper: Keeper;
  readonly talk: Talk;
  readonly locks: ReturnType<ReturnType<typeof browserLocks>["tab"]>;

  private constructor(
    locks: Tab["locks"],
    talk: Talk,
    library: Library,
    opening: Awaited<ReturnType<typeof openingGraph>>["opening"],
  ) {
    this.locks = locks;
    this.talk = talk;
    this.store = new GraphStore(opening.document);
    this.keeper = new Keeper({ store: this.store, library, locks, talk }, opening);
  }

  static async open(world: World): Promise<Tab> {
    const library = new Library(world.records);
    const locks = world.locks.tab();
    const { opening } = await openingGraph(library, locks, () => Promise.resolve({ ...zoned }));
    return new Tab(locks, world.tabs.join(), library, opening);
  }

  edit(name: string): void {
    this.store.execute("Rename", rename(name));
  }
}

class World {
  readonly records: KeyValues;
  readonly locks = browserLocks();
  readonly tabs = new Tabs();
  readonly map = new Map<string, unknown>();
  constructor(change: (records: KeyValues) => KeyValues = (records) => records) {
    this.records = change(memoryKeyValues(this.map));
  }
  async names(): Promise<string[]> {
    return (await new Library(this.records).list()).map(({ name }) => name).sort();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("keeping the open graph", () => {
  test("an edit is in the database within a second, also when edits never pause", async () => {
    const world = new World();
    const tab = await Tab.open(world);
    for (let edit = 0; edit <= 100; edit++) {
      tab.edit(`edit ${edit}`);
      await pass(50);
      const saved = (await new Library(world.records).list())[0]?.name ?? "edit -1";
      // 50 ms lie between two edits: a second is twenty.
      expect(Number(saved.slice(5))).toBeGreaterThanOrEqual(edit - 20);
    }
    await pass(1000);
    expect(await world.names()).toEqual(["edit 100"]);
    expect(tab.keeper.state).toBe("saved");
  });

  test("an untouched template is no graph of one's own; a reload opens it, an edit lists it", async () => {
    const world = new World();
    const first = await Tab.open(world);
    await pass(1000);
    expect(await world.names()).toEqual([]);
    first.locks.die();
    const second = await Tab.open(world);
    expect(second.keeper.id).toBe(first.keeper.id);
    second.edit("Mine");
    await pass(1000);
    expect(await world.names()).toEqual(["Mine"]);
  });

  test("another graph is another record, undo goes back to the first, and both are kept", async () => {
    const world = new World();
    const tab = await Tab.open(world);
    tab.edit("One");
    await pass(1000);
    const one = tab.keeper.id;
    tab.keeper.replace({ ...zoned, name: "Two" }, "Open Two");
    await pass(1000);
    expect(tab.keeper.id).not.toBe(one);
    expect(await world.names()).toEqual(["One", "Two"]);
    tab.store.undo();
    await pass(1000);
    expect(tab.keeper.id).toBe(one);
    tab.edit("One, edited");
    await pass(1000);
    expect(await world.names()).toEqual(["One, edited", "Two"]);
  });

  test("a draft that is left makes room", async () => {
    const world = new World();
    const tab = await Tab.open(world);
    for (let time = 0; time < 3; time++) {
      tab.keeper.replace(zoned, "Template", { draft: true });
      await pass(1000);
    }
    expect([...world.map.keys()].filter((key) => key.startsWith("meta/"))).toHaveLength(1);
    tab.store.undo();
    tab.edit("Kept after all");
    await pass(1000);
    expect(await world.names()).toEqual(["Kept after all"]);
  });

  test("a full database is said, edits go on, and the next save that fits puts it right", async () => {
    let full = false;
    const world = new World((records) => ({
      ...records,
      decide: (key, decide) =>
        full ? Promise.reject(new DOMException("", "QuotaExceededError")) : records.decide(key, decide),
    }));
    const tab = await Tab.open(world);
    tab.edit("Before");
    await pass(1000);
    full = true;
    tab.edit("While full");
    await pass(1000);
    expect(tab.keeper.state).toBe("failed");
    expect(tab.keeper.words.long).toMatch(/no room left/);
    expect(tab.keeper.unsaved).toBe(true);
    expect(await world.names()).toEqual(["Before"]);
    full = false;
    await pass(6000);
    expect(tab.keeper.state).toBe("saved");
    expect(await world.names()).toEqual(["While full"]);
  });

  test("versions: the state before the first edit and then one every five minutes; restoring keeps what was there", async () => {
    const world = new World();
    const first = await Tab.open(world);
    first.edit("Yesterday");
    await pass(1000);
    first.locks.die();
    const tab = await Tab.open(world);
    tab.edit("Today");
    await pass(6 * 60_000);
    tab.edit("Later");
    await pass(1000);
    const versions = await tab.keeper.library.versions(tab.keeper.id);
    const names = await Promise.all(
      versions.map(async ({ time }) => (await tab.keeper.library.version(tab.keeper.id, time)).name),
    );
    expect(names).toContain("Yesterday");
    expect(names[0]).toBe("Later");
    const { time } = versions[names.indexOf("Yesterday")] ?? { time: 0 };
    tab.edit("Precious");
    await tab.keeper.restore(time);
    await pass(1000);
    expect(await world.names()).toEqual(["Yesterday"]);
    tab.store.undo();
    await pass(1000);
    expect(await world.names()).toEqual(["Precious"]);
    const after = await tab.keeper.library.versions(tab.keeper.id);
    expect((await tab.keeper.library.version(tab.keeper.id, after[0]?.time ?? 0)).name).toBe("Precious");
  });
});

describe("two tabs of one graph", () => {
  const two = async (world: World): Promise<[Tab, Tab]> => {
    const first = await Tab.open(world);
    first.edit("First tab");
    await pass(1000);
    return [first, await Tab.open(world)];
  };

  test("the second is told and writes nothing", async () => {
    const world = new World();
    const [, second] = await two(world);
    expect(second.keeper.away).toBe("elsewhere");
    second.edit("Second tab");
    await pass(10_000);
    expect(second.keeper.state).toBe("away");
    expect(await world.names()).toEqual(["First tab"]);
  });

  test("it takes over with the very last edit of the first, which is told and writes no more", async () => {
    const world = new World();
    const [first, second] = await two(world);
    first.edit("Not saved yet");
    await second.keeper.takeOver();
    expect(second.store.document.name).toBe("Not saved yet");
    expect([first.keeper.away, second.keeper.away]).toEqual(["taken", undefined]);
    first.edit("Too late");
    second.edit("Second tab");
    await pass(10_000);
    expect(await world.names()).toEqual(["Second tab"]);
    await first.keeper.takeOver();
    expect(first.store.document.name).toBe("Second tab");
    expect([first.keeper.away, second.keeper.away]).toEqual([undefined, "taken"]);
  });

  test("a tab that does not answer loses the graph, and keeps its edits as a copy if it wants", async () => {
    const world = new World();
    const [first, second] = await two(world);
    world.tabs.all.delete(first.talk);
    first.edit("In the frozen tab");
    const taking = second.keeper.takeOver();
    await pass(2000);
    await taking;
    second.edit("Second tab");
    await pass(1000);
    expect(first.keeper.away).toBe("taken");
    await first.keeper.copy();
    await pass(1000);
    expect(first.keeper.away).toBeUndefined();
    expect(await world.names()).toEqual(["In the frozen tab copy", "Second tab"]);
  });

  test("it works on a copy; undo there never leads back into the first tab's graph", async () => {
    const world = new World();
    const [first, second] = await two(world);
    await second.keeper.copy();
    second.edit("Mine");
    while (second.store.undo());
    await pass(1000);
    expect(second.keeper.id).not.toBe(first.keeper.id);
    first.edit("Still mine");
    await pass(1000);
    expect(first.keeper.state).toBe("saved");
    expect(await world.names()).toEqual(["First tab", "Still mine"]);
  });

  test("without locks a tab still does not write over what it has not seen", async () => {
    const world = new World();
    const open = {
      acquire: () =>
        Promise.resolve({ release: () => undefined, stolen: new Promise<void>(() => undefined) }),
    };
    const free: TabLocks = { ...open, steal: open.acquire };
    const library = new Library(world.records);
    await library.save("g", { ...zoned, name: "Start" }, 0);
    const tabs = await Promise.all(
      [1, 2].map(async () => {
        const { opening } = await openingGraph(library, free, () => Promise.resolve(zoned));
        const store = new GraphStore(opening.document);
        return {
          store,
          keeper: new Keeper({ store, library, locks: free, talk: world.tabs.join() }, opening),
        };
      }),
    );
    tabs[0]?.store.execute("", rename("One"));
    await pass(1000);
    tabs[1]?.store.execute("", rename("Two"));
    await pass(1000);
    expect(tabs[1]?.keeper.away).toBe("taken");
    expect(await world.names()).toEqual(["One"]);
  });
});
