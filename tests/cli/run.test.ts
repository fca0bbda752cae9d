import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SAMPLE = "graphs/sample-digits.graph.json";

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a person does; `onOutput` sees standard output as it comes. */
function loom(
  args: readonly string[],
  onOutput?: (text: string, interrupt: () => void) => void,
): Promise<Finished> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], { cwd: root });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    onOutput?.(stdout, () => child.kill("SIGINT"));
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loom-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

async function graphFile(
  name: string,
  change: (graph: {
    [key: string]: unknown;
    nodes: Record<string, Record<string, unknown>>;
    edges: unknown[];
  }) => void,
): Promise<string> {
  const graph = JSON.parse(await readFile(join(root, SAMPLE), "utf8")) as Parameters<typeof change>[0];
  change(graph);
  await writeFile(path(name), JSON.stringify(graph));
  return path(name);
}

describe("loom run", () => {
  const short = ["--backend", "wasm", "--set", "timesteps.numInferenceSteps=2", "--set", "noise.batch=1"];

  it("runs a graph, prints events as lines, and saves by extension", async () => {
    const saves = [
      "decode.image=a.png",
      "end.sample=a.npy",
      "decode.image=a.safetensors",
      "timesteps.plan=a.json",
    ];
    const { code, stdout, stderr } = await loom([
      "run",
      SAMPLE,
      ...short,
      "--json",
      ...saves.flatMap((save) => ["--save", save.replace("=", `=${folder}/`)]),
    ]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; zone?: string });
    expect(events[0]?.type).toBe("planned");
    expect(events.at(-1)?.type).toBe("finished");
    expect(events.filter((event) => event.type === "iteration")).toHaveLength(2);
    expect([...(await readFile(path("a.png"))).subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
    expect((await readFile(path("a.npy"))).subarray(1, 6).toString()).toBe("NUMPY");
    expect((await readFile(path("a.safetensors"))).subarray(8, 60).toString()).toContain("F32");
    expect(
      (JSON.parse(await readFile(path("a.json"), "utf8")) as { timesteps: number[] }).timesteps,
    ).toHaveLength(2);
  });

  it("--only runs a node and what it needs, and nothing else", async () => {
    const { code, stdout } = await loom(["run", SAMPLE, "--backend", "cpu", "--only", "timesteps", "--json"]);
    expect(code).toBe(0);
    const planned = JSON.parse(stdout.split("\n")[0] ?? "") as { nodes: string[] };
    expect(planned.nodes.sort()).toEqual(["scheduler", "timesteps"]);
  });

  it("exits with 1 and names node and reason when the run fails", async () => {
    const { code, stderr } = await loom([
      "run",
      SAMPLE,
      "--backend",
      "cpu",
      "--set",
      `unet.source=file:${folder}/nowhere`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('Node "unet" (Load U-Net)');
    expect(stderr).toContain("there is no such file or folder");
  });

  it("stops training at a loss that is not finite, names the step, and saves the last good weights", async () => {
    const out = path("trained.safetensors");
    const { code, stderr } = await loom([
      "run",
      "graphs/train-basic-unet.graph.json",
      "--backend",
      "wasm",
      "--only",
      "end",
      "--set",
      "begin.maxSteps=6",
      "--set",
      "begin.batchSize=2",
      "--set",
      "optimizer.learningRate=10",
      "--set",
      "dataset.split=test",
      "--save",
      `end.unet=${out}`,
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Node "end" \(Training end\): the loss is (NaN|Infinity) at step \d/);
    expect(await readdir(folder)).toContain("trained.last-good.safetensors");
    expect(await readdir(folder)).not.toContain("trained.safetensors");
  });

  it("does the same for the trainer node", async () => {
    const out = path("by-trainer.safetensors");
    const sets = [
      "train.maxSteps=40",
      "train.batchSize=1",
      "train.learningRate=10",
      "train.weightDecay=1",
      "train.schedule=constant",
      "dataset.split=test",
    ];
    const { code, stderr } = await loom([
      "run",
      "graphs/train-ddpm-trainer.graph.json",
      ...["--backend", "wasm", "--only", "train", "--save", `train.ema=${out}`],
      ...sets.flatMap((one) => ["--set", one]),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Node "train" \(DDPM trainer\): the loss is (NaN|Infinity) at step \d+/);
    expect(await readdir(folder)).toContain("by-trainer.last-good.safetensors");
    expect(await readdir(folder)).not.toContain("by-trainer.safetensors");
  });

  it("exits with 130 on an interrupt, within an iteration, with nothing half-written", async () => {
    const out = path("interrupted.png");
    let interruptedAt = 0;
    const { code, stdout, stderr } = await loom(
      [
        "run",
        SAMPLE,
        "--backend",
        "wasm",
        "--json",
        "--set",
        "timesteps.numInferenceSteps=1000",
        "--save",
        `decode.image=${out}`,
      ],
      (text, interrupt) => {
        if (interruptedAt > 0 || !text.includes('"iteration"')) return;
        interruptedAt = performance.now();
        interrupt();
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: nothing was saved");
    expect((await readdir(folder)).filter((name) => name.startsWith("interrupted"))).toEqual([]);
    const iterations = stdout.split("\n").filter((line) => line.includes('"iteration"')).length;
    expect(iterations).toBeLessThan(20);
  });

  it.each([
    ["a file that is not there", () => Promise.resolve("/no/such.graph.json"), "there is no such file"],
    [
      "broken JSON",
      async () => {
        await writeFile(path("broken.json"), '{\n "format": 1,\n "nodes": {,}');
        return path("broken.json");
      },
      "line 3",
    ],
    [
      "a future format",
      () =>
        graphFile("future.json", (graph) => {
          graph["format"] = 99;
        }),
      "99",
    ],
    [
      "an unknown node",
      () =>
        graphFile("unknown.json", (graph) => {
          graph.nodes["step"] = { ...graph.nodes["step"], type: "sampling/magic" };
        }),
      "sampling/magic",
    ],
    [
      "a cycle",
      () =>
        graphFile("cycle.json", (graph) => {
          graph.nodes["r"] = { type: "value/reroute", version: 1, params: {} };
          graph.nodes["s"] = { type: "value/reroute", version: 1, params: {} };
          graph.edges.push({ from: "r.value", to: "s.value" }, { from: "s.value", to: "r.value" });
        }),
      "cycle",
    ],
    [
      "a wrong type between nodes",
      () =>
        graphFile("types.json", (graph) => {
          graph.nodes["extra"] = { type: "image/grid", version: 1, params: {} };
          graph.edges.push({ from: "seed.generator", to: "extra.images" });
        }),
      "extra",
    ],
  ])("exits with 2 for %s", async (_, make, reason) => {
    const file = await make();
    const { code, stderr } = await loom(["run", file, "--backend", "cpu"]);
    expect(stderr).toContain(reason);
    expect(code).toBe(2);
  });

  it.each([
    ["a node that there is not", ["--set", "nobody.batch=2"], 'no node "nobody"'],
    ["a parameter that the node has not", ["--set", "noise.amount=2"], 'no parameter "amount"'],
    ["a value that is no number", ["--set", "noise.batch=two"], 'noise.batch is "two"'],
    ["an output that there is not", ["--save", "decode.picture=a.png"], '"decode.picture"'],
    ["a node to run that there is not", ["--only", "nobody"], 'no node "nobody"'],
  ])("exits with 2, and runs nothing, when asked for %s", async (_, options, reason) => {
    const { code, stdout, stderr } = await loom(["run", SAMPLE, "--backend", "cpu", "--json", ...options]);
    expect(stderr).toContain(reason);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("exits with 1 for shapes that do not fit, naming node and ports", async () => {
    const { code, stderr } = await loom([
      "run",
      SAMPLE,
      "--backend",
      "cpu",
      "--set",
      "noise.channels=3",
      "--set",
      "noise.batch=1",
      "--set",
      "timesteps.numInferenceSteps=1",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Node "predict" \(U-Net step\).*sample/);
    expect(stderr).toContain("1, 28, 28, 3");
  });
});

describe("loom validate and loom nodes", () => {
  it("validate says that a template has no faults", async () => {
    expect(await loom(["validate", SAMPLE])).toMatchObject({ code: 0, stdout: `${SAMPLE}: no faults\n` });
  });

  it("validate lists every fault, not only the first", async () => {
    const file = await graphFile("faults.json", (graph) => {
      graph.nodes["odd"] = { type: "value/odd", version: 1, params: {} };
      graph.edges.push(
        { from: "unet.unet", to: "nowhere.unet" },
        { from: "seed.generator", to: "decode.sample" },
      );
    });
    const { code, stderr } = await loom(["validate", file]);
    expect(code).toBe(2);
    for (const name of ["value/odd", "nowhere", "decode"]) expect(stderr).toContain(name);
  });

  it("nodes lists every node for people and as JSON", async () => {
    const people = await loom(["nodes"]);
    expect(people.stdout).toContain("sampling/scheduler-step: Scheduler step");
    const { nodes } = JSON.parse((await loom(["nodes", "--json"])).stdout) as {
      nodes: Record<string, { doc: string }>;
    };
    expect(Object.keys(nodes).length).toBeGreaterThan(30);
  });

  it("wrong usage exits with 2 and shows the usage", async () => {
    const { code, stderr } = await loom(["run"]);
    expect(code).toBe(2);
    expect(stderr).toContain("loom run <graph.json> [options]");
  });
});
