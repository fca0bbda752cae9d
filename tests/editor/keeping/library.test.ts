import { describe, expect, test } from "vitest";
import { memoryKeyValues } from "../../../src/editor/library/key-values.ts";
import type { KeyValues } from "../../../src/editor/library/key-values.ts";
import { KEPT_DELETED_MS, Library, SavedElsewhere, copyName } from "../../../src/editor/library/library.ts";
import { sketchOf } from "../../../src/editor/library/sketch.ts";
import { packVersion, thinned, unpackVersion } from "../../../src/editor/library/versions.ts";
import type { GraphDocument } from "../../../src/engine/graph/document.ts";
import { zoned } from "../fixtures/graphs.ts";

const named = (name: string): GraphDocument => ({ ...zoned, name });

function library(records: KeyValues = memoryKeyValues()): {
  library: Library;
  records: KeyValues;
  pass(ms: number): void;
} {
  let now = 1_000_000_000_000;
  return {
    library: new Library(records, () => now),
    records,
    pass: (ms) => (now += ms),
  };
}

describe("the library", () => {
  test("lists what was saved, the last first, without drafts; and loads it whole", async () => {
    const { library: graphs, pass } = library();
    await graphs.save("a", named("A"), 0);
    pass(10);
    await graphs.save("b", named("B"), 0);
    await graphs.save("d", named("Draft"), 0, true);
    expect((await graphs.list()).map(({ name, nodes }) => [name, nodes])).toEqual([
      ["B", 7],
      ["A", 7],
    ]);
    pass(10);
    await graphs.save("a", named("A2"), 1);
    expect((await graphs.list()).map(({ name }) => name)).toEqual(["A2", "B"]);
    expect((await graphs.load("a"))?.document).toEqual(named("A2"));
    expect(await graphs.last()).toBe("a");
  });

  test("a save over a revision that the caller does not know changes nothing", async () => {
    const { library: graphs } = library();
    await graphs.save("a", named("first"), 0);
    await graphs.save("a", named("second"), 1);
    await expect(graphs.save("a", named("late"), 1)).rejects.toThrow(SavedElsewhere);
    await expect(graphs.save("a", named("later"), 0)).rejects.toThrow(SavedElsewhere);
    expect((await graphs.load("a"))?.document.name).toBe("second");
  });

  test("a deleted graph comes back, and goes for ever after thirty days, with its versions", async () => {
    const { library: graphs, records, pass } = library();
    await graphs.save("a", named("A"), 0);
    await graphs.save("b", named("B"), 0);
    await graphs.keepVersion("a", named("A before"));
    await graphs.delete("a");
    expect((await graphs.list()).map(({ id }) => id)).toEqual(["b"]);
    expect((await graphs.list("deleted")).map(({ id }) => id)).toEqual(["a"]);
    await graphs.undelete("a");
    expect((await graphs.list()).map(({ id }) => id).sort()).toEqual(["a", "b"]);
    await graphs.delete("a");
    pass(KEPT_DELETED_MS - 1);
    await graphs.sweep(() => Promise.resolve(true));
    expect(await graphs.list("deleted")).toHaveLength(1);
    pass(2);
    await graphs.sweep(() => Promise.resolve(false));
    expect(await graphs.list("deleted")).toHaveLength(1);
    await graphs.sweep(() => Promise.resolve(true));
    expect((await records.keys()).filter((key) => key.includes("/a"))).toEqual([]);
    expect((await graphs.load("b"))?.document.name).toBe("B");
  });

  test("duplicates have a name and a record of their own", async () => {
    const { library: graphs } = library();
    await graphs.save("a", named("Loom"), 0);
    const copy = (await graphs.duplicate("a")) ?? "";
    expect((await graphs.load(copy))?.document).toEqual(named("Loom copy"));
    expect(await graphs.last()).toBe("a");
    await graphs.rename(copy, "Another");
    expect((await graphs.load("a"))?.document.name).toBe("Loom");
    expect(["x", "x copy", "x copy 2"].map(copyName)).toEqual(["x copy", "x copy 2", "x copy 3"]);
    expect(await graphs.duplicate("nothing")).toBeUndefined();
  });

  test("damaged records are left out, and what is whole still opens", async () => {
    const records = memoryKeyValues(
      new Map<string, unknown>([
        ["meta/broken", { id: 7 }],
        ["meta/none", null],
        ["graph/half", { format: 1, nodes: 3 }],
      ]),
    );
    const { library: graphs } = library(records);
    await graphs.save("half", named("Half"), 0);
    await records.write({ put: [["graph/half", { format: 1, nodes: 3 }]] });
    await graphs.save("whole", named("Whole"), 0);
    expect((await graphs.list()).map(({ id }) => id).sort()).toEqual(["half", "whole"]);
    expect(await graphs.load("half")).toBeUndefined();
    expect(await graphs.load("broken")).toBeUndefined();
    expect((await graphs.load("whole"))?.document.name).toBe("Whole");
  });
});

describe("versions", () => {
  test("hold the graph as it was, and are thinned with age", async () => {
    const { library: graphs, pass } = library();
    await graphs.save("a", named("now"), 0);
    for (let minute = 0; minute < 180; minute += 5) {
      await graphs.keepVersion("a", named(`at ${minute}`));
      pass(5 * 60_000);
    }
    const kept = await graphs.versions("a");
    // Twelve of the last hour, and one for each hour before that is touched.
    expect(kept.length).toBeGreaterThanOrEqual(13);
    expect(kept.length).toBeLessThanOrEqual(16);
    const [newest] = kept;
    expect((await graphs.version("a", newest?.time ?? 0)).name).toBe("at 175");
    await expect(graphs.version("a", 1)).rejects.toThrow("not there any more");
  });

  test("what has a label outlives what has none; size is bounded, and the newest always stays", () => {
    const day = 86_400_000;
    const now = 100 * day;
    const old = [0, 1, 2].map((hour) =>
      packVersion(zoned, now - 3 * day + hour * 3_600_000, hour === 1 ? "good" : ""),
    );
    expect(thinned(old, now).map(({ time }) => time)).toEqual([old[0]?.time]);
    const large = [1, 2, 3].map((age) => ({
      ...packVersion(zoned, now - age, ""),
      file: new Uint8Array(15_000_000),
    }));
    expect(thinned(large, now).map(({ time }) => now - time)).toEqual([2, 3]);
    expect(unpackVersion(packVersion(zoned, now, ""))).toEqual(zoned);
  });
});

test("a sketch has a box for each node and a line for each wire", () => {
  const { boxes, lines, width, height } = sketchOf(zoned);
  expect(boxes).toHaveLength(7);
  expect(lines).toHaveLength(7);
  expect(boxes.filter(([, , zonedBox]) => zonedBox)).toHaveLength(3);
  for (const [x, y] of boxes) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThan(width);
    expect(y).toBeLessThan(height);
  }
  expect(sketchOf({ format: 1, nodes: {}, edges: [] }).boxes).toEqual([]);
});
