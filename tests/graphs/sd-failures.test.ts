import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { nodeServices, Runner, type RunEvent } from "../../src/index.ts";
import { caseOf, readTemplate, type Settings } from "./sd-cases.ts";
import { golden, pipeline } from "./tiny-pipelines.ts";

const runner = new Runner({ services: nodeServices(), cacheBytes: 0 });

/** Runs a template that is to fail; gives the error, and checks that no tensor is left once its partial results are freed. */
async function failureOf(
  graph: string,
  set: Settings,
  options: { readonly signal?: AbortSignal; readonly onEvent?: (event: RunEvent) => void } = {},
): Promise<Error> {
  await runner.init("wasm");
  const before = tf.memory().numTensors;
  let failure: (Error & { readonly partial?: { dispose(): void } }) | undefined;
  try {
    (await runner.run(readTemplate(graph), { backend: "wasm", set, ...options })).dispose();
  } catch (error) {
    failure = error as Error;
  }
  if (!failure) throw new Error(`${graph} did not fail.`);
  failure.partial?.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return failure;
}

describe("a template with a model or picture that does not fit", () => {
  const cases: [string, Settings, RegExp][] = [
    [
      "txt2img",
      { "model.source": pipeline("inpaint") },
      /Node "predict" \(U-Net step\): sample is \[1, 8, 8, 4\].*9.*zone "denoise", iteration 0/,
    ],
    ["inpaint", { "model.source": pipeline("base") }, /Node "predict".*\[1, 8, 8, 9\].*4.*iteration 0/],
    ["lcm", { "model.source": pipeline("base") }, /Node "scaleEmbedding".*time_cond_proj_dim/],
    ["txt2img", { "model.source": pipeline("lcm") }, /Node "predict".*timestepCond/],
    ["depth-to-image", { "model.source": pipeline("base") }, /Node "estimator".*has no file "depth_estimator\/config\.json"/],
    ["img2img", { "size.height": 60 }, /Node "encode".*60/],
    ["controlnet", { "edgesSize.width": 32 }, /Node "follow".*image|Node "follow".*controlnetCond/],
    ["controlnet", { "controlnet.source": golden("base") }, /Node "controlnet".*config\.json/],
  ];
  it.each(cases)("%s with %j is refused by node and port", async (name, change, message) => {
    const error = await failureOf(name, { ...caseOf(name).set, ...change });
    expect(error.message).toMatch(message);
  });
});

describe("a template that is stopped", () => {
  it("ends within one iteration of the loop", async () => {
    const stop = new AbortController();
    let iterations = 0;
    const onEvent = (event: RunEvent): void => {
      if (event.type !== "iteration") return;
      iterations += 1;
      if (iterations === 3) stop.abort();
    };
    const error = await failureOf("txt2img", caseOf("txt2img").set, { signal: stop.signal, onEvent });
    expect(error.name).toBe("AbortError");
    expect(iterations).toBeLessThanOrEqual(4);
  });
});
