import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseClipTextConfig } from "../../../src/diffusion/models/clip-text-config.ts";
import {
  clipTextForward,
  clipTextParameters,
  clipTextWeightName,
  gatherTokenEmbeddings,
} from "../../../src/diffusion/models/clip-text.ts";
import { disposeWeights } from "../../../src/diffusion/weights/dispose.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { Weights } from "../../../src/diffusion/weights/parameters.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { readCase, relativeError, rowsOf } from "./golden-case.ts";

describeOnBackends("CLIP text encoder", ({ tolerance }) => {
  for (const name of ["clip-legacy", "clip-projection"]) {
    describe(`${name} against transformers`, async () => {
      const golden = await readCase(name);
      const config = parseClipTextConfig(golden.config);
      const inputIds = rowsOf(golden, "inputIds");
      const masked = golden.arrays.has("attentionMask")
        ? { attentionMask: rowsOf(golden, "attentionMask") }
        : {};
      let weights: Weights;
      beforeAll(async () => {
        weights = await loadWeights(golden.weights, clipTextParameters(config), {
          rename: clipTextWeightName,
        });
      });
      afterAll(() => disposeWeights(weights));

      it("gives the same states, pooled output and embeddings", async () => {
        const before = tf.memory().numTensors;
        const out = clipTextForward(config, weights, { inputIds, ...masked, outputHiddenStates: true });
        expect(await relativeError(out.lastHiddenState, golden, "lastHiddenState")).toBeLessThan(tolerance);
        expect(out.hiddenStates).toHaveLength(config.numHiddenLayers + 1);
        for (const [i, state] of (out.hiddenStates ?? []).entries()) {
          expect(await relativeError(state, golden, `hiddenStates.${String(i)}`)).toBeLessThan(tolerance);
        }
        if (out.textEmbeds)
          expect(await relativeError(out.textEmbeds, golden, "textEmbeds")).toBeLessThan(tolerance);
        else expect(await relativeError(out.poolerOutput, golden, "poolerOutput")).toBeLessThan(tolerance);
        tf.dispose([
          out.lastHiddenState,
          out.poolerOutput,
          out.textEmbeds ?? [],
          [...(out.hiddenStates ?? [])],
        ]);
        expect(tf.memory().numTensors).toBe(before);
      });

      it("skips layers, from token rows gathered on the host, and leaves no tensor behind", async () => {
        const before = tf.memory().numTensors;
        const tokenEmbeddings = await gatherTokenEmbeddings(config, weights, inputIds);
        const full = clipTextForward(config, weights, { inputIds, ...masked });
        const skipped = clipTextForward(config, weights, {
          inputIds,
          ...masked,
          tokenEmbeddings,
          clipSkip: 2,
        });
        expect(await relativeError(skipped.lastHiddenState, golden, "clipSkip2")).toBeLessThan(tolerance);
        const pooled = await Promise.all([full.poolerOutput.data(), skipped.poolerOutput.data()]);
        expect(pooled[1]).toEqual(pooled[0]);
        tf.dispose([tokenEmbeddings, ...Object.values(full), ...Object.values(skipped)] as tf.Tensor[]);
        expect(tf.memory().numTensors).toBe(before);
      });
    });
  }
});

describe("CLIP text encoder refuses", async () => {
  const { config: json } = await readCase("clip-legacy");
  const config = parseClipTextConfig(json);

  it.each([
    ["an activation it does not know", { hidden_act: "relu" }, "hidden_act"],
    ["another architecture", { architectures: ["T5EncoderModel"] }, "T5EncoderModel"],
    ["heads that do not divide the width", { num_attention_heads: 3 }, "num_attention_heads"],
    ["another kind of model", { model_type: "bert" }, "model_type"],
  ])("%s, by name", (_, change, message) => {
    expect(() => parseClipTextConfig({ ...json, ...change })).toThrow(message);
  });

  it.each([
    ["rows of different lengths", { inputIds: [[1, 2], [1]] }, "2, 1 tokens"],
    [
      "a row that is too long",
      { inputIds: [new Array<number>(13).fill(1)] },
      "13 tokens, the model reads 12",
    ],
    ["a token of another vocabulary", { inputIds: [[1, 60]] }, "token id 60"],
    ["to skip more layers than there are", { inputIds: [[1]], clipSkip: 4 }, "clipSkip is 4"],
  ])("%s", (_, inputs, message) => {
    expect(() => clipTextForward(config, {}, inputs)).toThrow(message);
  });

  it("names like those of every version of transformers are understood", () => {
    expect(clipTextWeightName("encoder.layers.0.mlp.fc1.bias")).toBe(
      "text_model.encoder.layers.0.mlp.fc1.bias",
    );
    expect(clipTextWeightName("text_model.final_layer_norm.bias")).toBe("text_model.final_layer_norm.bias");
    expect(clipTextWeightName("text_projection.weight")).toBe("text_projection.weight");
  });

  it("reads the text half of a whole CLIP config", () => {
    expect(parseClipTextConfig({ architectures: ["CLIPModel"], text_config: json })).toEqual(config);
  });
});
