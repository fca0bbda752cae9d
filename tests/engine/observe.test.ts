import { afterEach, describe, expect, test } from "vitest";
import {
  createCache,
  createRecorder,
  RunGate,
  type GateState,
  type GraphDocument,
  type MadeOutput,
  type Recorder,
} from "../../src/engine/index.ts";
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
const optional = { budgetBytes: 1e6, optional: true, watch: ["in.sum"] };
const indices = (recorder: Recorder): number[] => recorder.iterations("z").map(({ index }) => index);

describe("Z8", () => {
  test("watched outputs of the body are kept with their iteration", async () => {
    const recorder = createRecorder({ z: optional });
    (await run(loop(3), { record: recorder })).dispose();
    const seen = recorder.iterations("z").map(({ seen: { "in.sum": sum } }) => sum && valueOf(sum));
    expect(seen).toEqual([100, 101, 103, undefined]);
    recorder.dispose();
  });

  test("a run that fails or is cancelled in an iteration leaves nothing of it behind", async () => {
    const recorder = createRecorder({ z: optional });
    const controller = new AbortController();
    const error = await failure(
      run(loop(9), {
        record: recorder,
        signal: controller.signal,
        gate: ({ index }) => {
          if (index === 2) controller.abort();
        },
      }),
    );
    error.partial?.dispose();
    expect(indices(recorder)).toEqual([0, 1, 2]);
    recorder.dispose();
  });

  test("an optional recording makes nothing run; a result of the cache gets its own recording back", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const recorder = createRecorder({ z: optional });
    (await run(loop(2), { cache })).dispose();
    const before = runsOf("add");
    (await run(loop(2), { cache, record: recorder })).dispose();
    expect(runsOf("add")).toBe(before);
    expect(indices(recorder)).toEqual([]);
    for (const times of [3, 4, 3, 4]) {
      (await run(loop(times), { cache, record: recorder })).dispose();
      expect(indices(recorder).at(-1)).toBe(times);
    }
    expect(runsOf("add") - before).toBe(3 + 4 + 2);
    recorder.dispose();
    cache.clear();
  });

  test("a fork leaves the recording that it began from where the cache finds it", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const recorder = createRecorder({ z: optional });
    (await run(loop(3), { cache, record: recorder })).dispose();
    const point = recorder.iterations("z")[1];
    const fork = await run(loop(3, 1000), {
      cache,
      record: recorder,
      resume: { zone: "z", fromIteration: 1, carry: point?.carry ?? {} },
    });
    fork.dispose();
    expect(recorder.iterations("z").map(({ carry }) => valueOf(carry["x"]))).toEqual([100, 100, 1101, 2103]);
    (await run(loop(3), { cache, record: recorder })).dispose();
    expect(recorder.iterations("z").map(({ carry }) => valueOf(carry["x"]))).toEqual([100, 100, 101, 103]);
    recorder.dispose();
    cache.clear();
  });

  test("earlier recordings stay within the budget, and go with their zone", async () => {
    const cache = createCache({ budgetBytes: 1e9 });
    const recorder = createRecorder({ z: { budgetBytes: 12_000, optional: true } });
    for (const times of [2, 3, 4, 5, 6]) (await run(loop(times), { cache, record: recorder })).dispose();
    expect(recorder.bytes("z")).toBe(7000);
    const cached = Box.living;
    recorder.dispose();
    // Start and end of each are the cache's too; what goes is what lay between.
    expect(cached - Box.living).toBeLessThanOrEqual(7 + 12);
    (await run(loop(2, 1), { record: recorder })).dispose();
    recorder.configure({});
    expect(recorder.zones).toEqual([]);
    cache.clear();
  });
});

describe("Z10", () => {
  test("a loop ended early hands out what it carried so far, and is not cached", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const result = await run(loop(5), {
      cache,
      gate: ({ index }) => (index === 3 ? "finish" : undefined),
    });
    expect(valueOf(result.outputs["after"]?.["sum"])).toBe(103);
    result.dispose();
    const whole = await run(loop(5), { cache });
    expect(valueOf(whole.outputs["after"]?.["sum"])).toBe(110);
    whole.dispose();
    cache.clear();
  });

  test("a gate holds a run up, steps, goes on, and ends it early", async () => {
    const states: GateState[] = [];
    const gate = new RunGate((state) => {
      states.push(state);
      if (state.kind !== "held") return;
      const answer = { 1: () => gate.step(), 2: () => gate.open(), 5: () => gate.finish("z") }[state.index];
      queueMicrotask(() => answer?.());
    });
    const before: number[] = [];
    gate.reset(({ index }) => {
      before.push(index);
      if (index === 1 || index === 5) gate.pause();
      return Promise.resolve();
    });
    const result = await run(loop(9), { gate: gate.pass });
    expect(states.map((state) => (state.kind === "held" ? state.index : "open"))).toEqual([
      1,
      "open",
      2,
      "open",
      5,
      "open",
    ]);
    expect(before).toEqual([0, 1, 2, 3, 4, 5]);
    expect(valueOf(result.outputs["after"]?.["sum"])).toBe(110);
    result.dispose();
  });
});

describe("Z11", () => {
  const counting = graph({ c: { type: "count", params: { times: 5 } } }, []);

  test("a node that loops by itself passes the gate before each iteration, and can be ended early", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const passed: unknown[] = [];
    const early = await run(counting, {
      cache,
      gate: (point) => {
        passed.push(point);
        return point.index === 3 ? "finish" : undefined;
      },
    });
    expect(passed).toEqual([0, 1, 2, 3].map((index) => ({ zone: "c", index })));
    expect(valueOf(early.outputs["c"]?.["box"])).toBe(3);
    early.dispose();
    // What was ended early is not what the cache's key says.
    const whole = await run(counting, { cache });
    expect(valueOf(whole.outputs["c"]?.["box"])).toBe(5);
    whole.dispose();
    cache.clear();
  });

  test("cancelling ends its wait", async () => {
    const controller = new AbortController();
    const waiting = run(counting, {
      signal: controller.signal,
      gate: ({ index }) => {
        if (index === 2) controller.abort();
        return index === 2 ? new Promise(() => undefined) : undefined;
      },
    });
    await expect(waiting).rejects.toThrow(/cancelled/);
  });
});

test("Z5 the wait of a run that was cancelled while it was held up ends with it", async () => {
  const states: string[] = [];
  const gate = new RunGate(({ kind }) => states.push(kind));
  gate.pause();
  void gate.pass({ zone: "z", index: 1 });
  await Promise.resolve();
  gate.reset();
  gate.open();
  await new Promise((resolve) => setTimeout(resolve));
  expect(states).toEqual(["held"]);
});

describe("X14", () => {
  const watching = (): { made: MadeOutput[]; skipped: [string, string | undefined][] } => ({
    made: [],
    skipped: [],
  });

  test("an observer sees every output as it is made, with zone and iteration", async () => {
    const seen = watching();
    const values: [string, number, number | undefined][] = [];
    const result = await run(loop(2), {
      observer: {
        made: (output) => {
          seen.made.push(output);
          if (output.value instanceof Box && output.port !== "half")
            values.push([`${output.node}.${output.port}`, output.value.value, output.iteration]);
        },
      },
    });
    result.dispose();
    expect(values).toEqual([
      ["start.box", 100, undefined],
      ["b.fresh", 0, 0],
      ["b.x", 100, 0],
      ["in.sum", 100, 0],
      ["b.fresh", 1, 1],
      ["b.x", 100, 1],
      ["in.sum", 101, 1],
      ["e.x", 101, undefined],
      ["after.sum", 101, undefined],
    ]);
    expect(seen.made.every(({ cached }) => !cached)).toBe(true);
  });

  test("of what comes from the cache it sees the values, and of a body the key under which it saw them", async () => {
    const cache = createCache({ budgetBytes: 1e6 });
    const first = watching();
    const second = watching();
    const other = watching();
    for (const [seen, times] of [
      [first, 2],
      [other, 3],
      [second, 2],
    ] as const) {
      const observer = {
        made: (output: MadeOutput): void => void seen.made.push(output),
        skipped: (node: string, key: string | undefined): void => void seen.skipped.push([node, key]),
      };
      (await run(loop(times), { cache, observer })).dispose();
    }
    expect(first.skipped).toEqual([]);
    expect(second.made.map(({ node, port, cached }) => [`${node}.${port}`, cached])).toEqual([
      ["start.box", true],
      ["e.count", true],
      ["e.x", true],
      ["after.sum", true],
      ["after.half", true],
    ]);
    const keyOf = (seen: { made: MadeOutput[] }, node: string): string | undefined =>
      seen.made.find((output) => output.node === node)?.key;
    expect(new Map(second.skipped).get("in")).toBe(keyOf(first, "in"));
    expect(keyOf(other, "in")).not.toBe(keyOf(first, "in"));
    expect(keyOf(first, "in")).toBeDefined();
    cache.clear();
  });
});
