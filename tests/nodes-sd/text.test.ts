import { describe, expect, it } from "vitest";
import { pipeline } from "../graphs/tiny-pipelines.ts";
import { runArrays, runNodes, type SmallGraph } from "./run-nodes.ts";

const text = ["model.tokenizer -> prompt.tokenizer", "model.textEncoder -> prompt.textEncoder"];
const prompt = (params: Readonly<Record<string, unknown>>): SmallGraph => ({
  nodes: { model: ["model/load-pipeline", { source: pipeline("base") }], prompt: ["text/prompt", params] },
  edges: text,
});
const long = "a photo of a cat ".repeat(20);

describe("the prompt node", () => {
  it("is tokenizer and text encoder in one", async () => {
    const graph: SmallGraph = {
      nodes: {
        ...prompt({ positive: "a cat", negative: "dark" }).nodes,
        words: ["text/tokenizer", { prompt: "dark" }],
        states: ["text/text-encoder"],
      },
      edges: [
        ...text,
        "model.tokenizer -> words.tokenizer",
        "words.tokens -> states.tokens",
        "model.textEncoder -> states.textEncoder",
      ],
    };
    const [positive, negative, open] = await runArrays(
      graph,
      "prompt.positive",
      "prompt.negative",
      "states.conditioning",
    );
    expect(open).toEqual(negative);
    expect(open).not.toEqual(positive);
  });

  it("cuts a long prompt and warns of what was cut", async () => {
    const warnings: string[] = [];
    const onEvent = (event: { type: string; message?: string }): void => {
      if (event.type === "warning") warnings.push(event.message ?? "");
    };
    const [states] = (await runNodes(prompt({ positive: long }), ["prompt.positive"], { onEvent })) as [
      { shape: number[] },
    ];
    expect(states.shape).toEqual([1, 77, 16]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/The prompt has \d+ tokens and the text encoder reads 75. Cut away: ".*cat/);
  });

  it("reads a long prompt in chunks, and gives the negative one as many rows", async () => {
    const graph = prompt({ positive: long, negative: "dark", overflow: "chunk" });
    const [positive, negative] = await runArrays(graph, "prompt.positive", "prompt.negative");
    expect((positive?.shape[1] ?? 0) / 77).toBeGreaterThan(1);
    expect(negative?.shape).toEqual(positive?.shape);
  });

  it("reads (word:weight) as text or as a weight, by choice", async () => {
    const states = async (positive: string, attentionWeights: boolean) =>
      (await runArrays(prompt({ positive, attentionWeights }), "prompt.positive"))[0];
    const plain = await states("a cat", false);
    expect(await states("a (cat:1)", true)).toEqual(plain);
    expect(await states("a (cat:1.5)", true)).not.toEqual(plain);
    expect(await states("a (cat:1)", false)).not.toEqual(plain);
  });

  it("leaves out layers of the text encoder, as many as there are", async () => {
    const states = async (clipSkip: number) =>
      (await runArrays(prompt({ positive: "a cat", clipSkip }), "prompt.positive"))[0];
    expect(await states(1)).not.toEqual(await states(0));
    await expect(states(5)).rejects.toThrow(/Node "prompt".*clipSkip is 5/);
  });
});

describe("interpolated prompts", () => {
  const between = (second: Readonly<Record<string, unknown>>): SmallGraph => ({
    nodes: {
      ...prompt({ positive: "a cat" }).nodes,
      other: ["text/prompt", second],
      mix: ["text/interpolate", { count: 3 }],
    },
    edges: [
      ...text,
      ...text.map((edge) => edge.replace("prompt.", "other.")),
      "prompt.positive -> mix.from",
      "other.positive -> mix.to",
    ],
  });

  it("begin at the first, end at the second and have their mean between", async () => {
    const [from, to, mix] = await runArrays(
      between({ positive: "an old dog" }),
      "prompt.positive",
      "other.positive",
      "mix.conditioning",
    );
    if (!from || !to || !mix) throw new Error("an output is missing");
    const size = from.values.length;
    expect(mix.shape).toEqual([3, 77, 16]);
    expect(mix.values.slice(0, size)).toEqual(from.values);
    expect(mix.values.slice(2 * size)).toEqual(to.values);
    const mean = from.values.map((value, i) => (value + (to.values[i] ?? 0)) / 2);
    const worst = Math.max(...mean.map((value, i) => Math.abs(value - (mix.values[size + i] ?? Number.NaN))));
    expect(worst).toBeLessThan(1e-5);
  });

  it("must be of one length", async () => {
    await expect(
      runNodes(between({ positive: long, overflow: "chunk" }), ["mix.conditioning"]),
    ).rejects.toThrow(/Node "mix" \(Interpolate prompts\): .*77.*(231|154)/);
  });
});
