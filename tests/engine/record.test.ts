import { afterEach, describe, expect, test } from "vitest";
import { createCache, createRecorder, type GraphDocument, type Recorder } from "../../src/engine/index.ts";
import { Box, expectNothingLeft, failure, graph, run, runsOf } from "./support.ts";

afterEach(expectNothingLeft);

const valueOf = (value: unknown): number => (value as Box).value;
/** x → x + index + plus */
const loop = (times: number, plus = 0): GraphDocument =>
  graph(
    {
      start: { type: "box", params: { value: 100 } },
      b: { type: "repeat-begin", zone: "z", params: { times } },
      in: { type: "add", zone: "z", params: { plus } },
      e: { type: "repeat-end", zone: "z" },
      after: "add",
    },
    ["start.box > b.x", "b.x > in.a", "b.fresh > in.b", "in.sum > e.x", "e.x > after.a"],
    { z: { kind: "repeat", carry: ["x"] } },
  );
const tape = (recorder: Recorder): [number, number][] =>
  recorder.iterations("z").map(({ index, carry }) => [index, valueOf(carry["x"])]);

describe("Z8", () => {
  test("the carried values of each iteration are kept, and outlive the run", async () => {
    const recorder = createRecorder({ z: { budgetBytes: 1e6 } });
    const result = await run(loop(4), { record: recorder });
    result.dispose();
    expect(tape(recorder)).toEqual([
      [0, 100],
      [1, 100],
      [2, 101],
      [3, 103],
      [4, 106],
    ]);
    expect(Box.living).toBe(5);
    recorder.dispose();
  });

  test("over the budget every second one goes, the first and the newest stay", async () => {
    const recorder = createRecorder({ z: { budgetBytes: 5000 } });
    (await run(loop(21), { record: recorder })).dispose();
    const indices = tape(recorder).map(([index]) => index);
    expect(indices.length).toBeLessThanOrEqual(5);
    expect(indices.length).toBeGreaterThanOrEqual(3);
    expect([indices[0], indices.at(-1)]).toEqual([0, 21]);
    expect(Box.living).toBe(indices.length);
    recorder.dispose();
  });

  test("a zone from the cache keeps its recording; one that was never recorded runs", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    (await run(loop(3), { cache })).dispose();
    const recorder = createRecorder({ z: { budgetBytes: 1e6 } });
    const before = runsOf("add");
    (await run(loop(3), { cache, record: recorder })).dispose();
    expect(runsOf("add") - before).toBe(3);
    (await run(loop(3), { cache, record: recorder })).dispose();
    expect(runsOf("add") - before).toBe(3);
    expect(tape(recorder)).toHaveLength(4);
    (await run(loop(2), { cache, record: recorder })).dispose();
    expect(tape(recorder)).toEqual([
      [0, 100],
      [1, 100],
      [2, 101],
    ]);
    recorder.dispose();
    cache.clear();
  });

  test("only the ports that are asked for", async () => {
    const recorder = createRecorder({ z: { budgetBytes: 1e6, ports: [] } });
    (await run(loop(2), { record: recorder })).dispose();
    expect(recorder.iterations("z").map(({ carry }) => carry)).toEqual([{}, {}, {}]);
    recorder.dispose();
    expect(recorder.iterations("nowhere")).toEqual([]);
  });
});

describe("Z9", () => {
  test("a zone taken up at k runs the rest only, and gives what a whole run gives", async () => {
    const recorder = createRecorder({ z: { budgetBytes: 1e6 } });
    (await run(loop(6), { record: recorder })).dispose();
    for (const from of [0, 1, 4, 6]) {
      const point = recorder.iterations("z").find(({ index }) => index === from);
      const before = runsOf("add");
      const result = await run(loop(6), {
        resume: { zone: "z", fromIteration: from, carry: point?.carry ?? {} },
      });
      expect(valueOf(result.outputs["after"]?.["sum"])).toBe(100 + 0 + 1 + 2 + 3 + 4 + 5);
      expect(runsOf("add") - before).toBe(6 - from + 1);
      result.dispose();
    }
    recorder.dispose();
  });

  test("a fork with other parameters starts from the old values, replaces the recording from there, and is not cached", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const recorder = createRecorder({ z: { budgetBytes: 1e6 } });
    (await run(loop(3), { cache, record: recorder })).dispose();
    const point = recorder.iterations("z")[2];
    const fork = await run(loop(3, 1000), {
      cache,
      record: recorder,
      resume: { zone: "z", fromIteration: 2, carry: point?.carry ?? {} },
    });
    expect(valueOf(fork.outputs["after"]?.["sum"])).toBe(101 + 2 + 1000);
    fork.dispose();
    expect(tape(recorder)).toEqual([
      [0, 100],
      [1, 100],
      [2, 101],
      [3, 1103],
    ]);
    const whole = await run(loop(3, 1000), { cache });
    expect(valueOf(whole.outputs["after"]?.["sum"])).toBe(100 + 3 + 3000);
    whole.dispose();
    recorder.dispose();
    cache.clear();
  });

  test("values of the caller's own stay the caller's", async () => {
    const mine = new Box(7);
    const result = await run(loop(2), { resume: { zone: "z", fromIteration: 1, carry: { x: mine } } });
    expect(valueOf(result.outputs["after"]?.["sum"])).toBe(8);
    result.dispose();
    expect(mine.disposed).toBe(false);
    mine.dispose();
  });

  test("missing and wrong values, and unknown zones, are refused by name", async () => {
    const point = { zone: "z", fromIteration: 1 };
    expect((await failure(run(loop(2), { resume: { ...point, carry: {} } }))).message).toContain(
      '"x" is missing',
    );
    expect((await failure(run(loop(2), { resume: { ...point, carry: { x: 3 } } }))).message).toContain(
      '"x" is no Box',
    );
    expect((await failure(run(loop(2), { resume: { ...point, zone: "y", carry: {} } }))).message).toContain(
      'no zone "y"',
    );
  });
});
