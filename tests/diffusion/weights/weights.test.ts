import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { parseUnet2dConfig, unet2dConfigToJson } from "../../../src/diffusion/models/unet-2d-config.ts";
import { unet2dParameters } from "../../../src/diffusion/models/unet-2d.ts";
import { bytesSource, type ByteSource } from "../../../src/diffusion/weights/byte-source.ts";
import { disposeWeights, shareWeights, weightsByteLength } from "../../../src/diffusion/weights/dispose.ts";
import { initWeights } from "../../../src/diffusion/weights/init-weights.ts";
import { loadWeights } from "../../../src/diffusion/weights/load-weights.ts";
import type { ParameterSpec } from "../../../src/diffusion/weights/parameters.ts";
import {
  readSafetensorsHeader,
  readTensor,
  serializeSafetensors,
  type NamedArray,
} from "../../../src/diffusion/weights/safetensors.ts";
import { saveWeights } from "../../../src/diffusion/weights/save-weights.ts";
import type { Weight } from "../../../src/tensor/stored/stored-tensor.ts";
import { initRuntime } from "../../../src/tensor/runtime.ts";
import { goldenJson, goldenSource } from "../support/golden.ts";

const TINY = "training/tiny-unet/diffusion_pytorch_model.safetensors";
const config = parseUnet2dConfig(await goldenJson("training/tiny-unet/config.json"));
const specs = unet2dParameters(config);

const spec = (name: string, kind: ParameterSpec["kind"], shape: number[]): ParameterSpec => ({
  name,
  kind,
  shape,
  init: { kind: "zeros" },
});
const source = (...arrays: NamedArray[]): ByteSource =>
  bytesSource("model.safetensors", serializeSafetensors(arrays));
const counting = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

const arrayOf = (weight: Weight | undefined): Promise<unknown> => (weight as tf.Tensor).array();

beforeAll(async () => {
  await initRuntime({ backend: "cpu" });
});

describe("what diffusers' save_pretrained wrote", () => {
  test("is written again byte for byte", async () => {
    const original = await goldenSource(TINY);
    const weights = await loadWeights(original, specs);
    const saved = await saveWeights(weights, specs);
    expect(Buffer.compare(saved, await original.read(0, original.size))).toBe(0);
    disposeWeights(weights);
  });

  test("is what the same seed gives here", async () => {
    const [theirs, ours] = [await loadWeights(await goldenSource(TINY), specs), initWeights(specs, 21)];
    for (const { name } of specs) {
      const [expected, actual] = [(await theirs[name]?.data()) ?? [], (await ours[name]?.data()) ?? []];
      expect(
        Math.max(...Array.from(actual, (value, i) => Math.abs(value - (expected[i] ?? NaN)))),
        name,
      ).toBeLessThan(5e-8);
    }
    disposeWeights(theirs);
    disposeWeights(ours);
  });

  test("has a config.json that is written again with every option", async () => {
    expect(unet2dConfigToJson(config)).toEqual(await goldenJson("training/tiny-unet/config.json"));
  });

  test("can be saved in half precision", async () => {
    const weights = await loadWeights(await goldenSource(TINY), specs);
    const half = bytesSource("half", await saveWeights(weights, specs, { dtype: "F16" }));
    expect(half.size).toBeLessThan(0.7 * (await goldenSource(TINY)).size);
    const again = await loadWeights(half, specs);
    const [fine, coarse] = [await weights["conv_in.weight"]?.data(), await again["conv_in.weight"]?.data()];
    expect(coarse).toEqual(fine?.map(toHalf));
    disposeWeights(weights);
    disposeWeights(again);
  });
});

/** Rounded to 11 significant bits. */
const toHalf = (value: number): number => {
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  return Math.round(value / step) * step;
};

describe("layout", () => {
  test("OIHW becomes HWIO, [out, in] becomes [in, out], the rest stays", async () => {
    const wanted = [
      spec("c.weight", "conv", [2, 3, 1, 2]),
      spec("l.weight", "linear", [2, 3]),
      spec("e.weight", "embedding", [2, 2]),
    ];
    const weights = await loadWeights(
      source(
        { name: "c.weight", shape: [2, 3, 1, 2], data: counting(12) },
        { name: "l.weight", shape: [2, 3], data: counting(6) },
        { name: "e.weight", shape: [2, 2], data: counting(4) },
      ),
      wanted,
    );
    expect(weights["c.weight"]?.shape).toEqual([1, 2, 3, 2]);
    expect(await arrayOf(weights["c.weight"])).toEqual([
      [
        [
          [0, 6],
          [2, 8],
          [4, 10],
        ],
        [
          [1, 7],
          [3, 9],
          [5, 11],
        ],
      ],
    ]);
    expect(await arrayOf(weights["l.weight"])).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(await arrayOf(weights["e.weight"])).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const saved = bytesSource("saved", await saveWeights(weights, wanted));
    const { tensors } = await readSafetensorsHeader(saved);
    const conv = tensors.get("c.weight");
    expect(conv && (await readTensor(saved, conv))).toEqual(counting(12));
  });
});

describe("files that do not fit the model", () => {
  const wanted = [
    spec("a.weight", "linear", [2, 3]),
    spec("a.bias", "vector", [2]),
    spec("b.weight", "vector", [4]),
  ];

  test("every fault is listed, and the body is not read", async () => {
    const bytes = serializeSafetensors([
      { name: "a.weight", shape: [3, 2], data: counting(6) },
      { name: "a.bias", shape: [2], data: new Int32Array(2) },
      { name: "stranger", shape: [1], data: counting(1) },
    ]);
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const file: ByteSource = {
      name: "m.safetensors",
      size: bytes.length,
      read: (offset, length) => {
        if (offset + length > headerEnd) throw new Error("the body was read");
        return Promise.resolve(bytes.subarray(offset, offset + length));
      },
    };
    const fault = await loadWeights(file, wanted).catch((error: unknown) => String(error));
    expect(fault).toMatch(/"m\.safetensors".*4 faults/);
    expect(fault).toMatch(/"a\.weight" has shape \[3, 2\]; the config asks for \[2, 3\]/);
    expect(fault).toMatch(/"a\.bias" is I32/);
    expect(fault).toMatch(/"b\.weight" \[4\] is missing/);
    expect(fault).toMatch(/"stranger" is not a parameter/);
  });

  test("unknown tensors may be ignored", async () => {
    const file = source(
      { name: "b.weight", shape: [4], data: counting(4) },
      { name: "stranger", shape: [1], data: counting(1) },
    );
    const weights = await loadWeights(file, wanted.slice(2), { unknownTensors: "ignore" });
    expect(Object.keys(weights)).toEqual(["b.weight"]);
  });

  test("NaN in a norm is refused by name, and nothing is left behind", async () => {
    const file = source(
      { name: "a.weight", shape: [2, 3], data: counting(6) },
      { name: "a.bias", shape: [2], data: counting(2) },
      { name: "b.weight", shape: [4], data: Float32Array.of(1, NaN, 1, 1) },
    );
    const before = tf.memory().numTensors;
    await expect(loadWeights(file, wanted)).rejects.toThrow(/tensor "b\.weight" holds NaN/);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("a cancelled load leaves nothing behind", async () => {
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const loading = loadWeights(await goldenSource(TINY), specs, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort();
      },
    });
    await expect(loading).rejects.toThrow(/abort/i);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("weights that are missing, misshapen or not finite are not saved", async () => {
    const one = [spec("v", "vector", [2])];
    await expect(saveWeights({}, one)).rejects.toThrow(/"v"/);
    await expect(saveWeights({ v: tf.zeros([3]) }, one)).rejects.toThrow(/"v" has shape \[3\]/);
    await expect(saveWeights({ v: tf.tensor1d([1, NaN]) }, one)).rejects.toThrow(/"v" holds NaN/);
  });
});

describe("variants of files", () => {
  test("old names of attention layers, also as 1×1 convolutions", async () => {
    const names = ["query", "key", "value", "proj_attn"];
    const wanted = ["to_q", "to_k", "to_v", "to_out.0"].flatMap((name) => [
      spec(`mid.attentions.0.${name}.weight`, "linear", [2, 2]),
      spec(`mid.attentions.0.${name}.bias`, "vector", [2]),
    ]);
    const weights = await loadWeights(
      source(
        ...names.flatMap((name, i) => [
          {
            name: `mid.attentions.0.${name}.weight`,
            shape: i === 0 ? [2, 2, 1, 1] : [2, 2],
            data: counting(4).map((v) => v + 10 * i),
          },
          { name: `mid.attentions.0.${name}.bias`, shape: [2], data: counting(2) },
        ]),
      ),
      wanted,
    );
    expect(await arrayOf(weights["mid.attentions.0.to_q.weight"])).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(await arrayOf(weights["mid.attentions.0.to_out.0.weight"])).toEqual([
      [30, 32],
      [31, 33],
    ]);
  });

  test("shards are one model; a tensor in two of them is refused", async () => {
    const wanted = [spec("a", "vector", [1]), spec("b", "vector", [2])];
    const [a, b] = [
      source({ name: "a", shape: [1], data: counting(1) }),
      source({ name: "b", shape: [2], data: counting(2) }),
    ];
    const progress: number[][] = [];
    const weights = await loadWeights([b, a], wanted, { onProgress: (...state) => progress.push(state) });
    expect(await arrayOf(weights["b"])).toEqual([0, 1]);
    expect(progress).toEqual([
      [4, 12],
      [12, 12],
    ]);
    await expect(loadWeights([a, b, a], wanted)).rejects.toThrow(/"a" occurs twice/);
  });

  test("shared weights outlive their first owner", async () => {
    const first = { w: tf.tensor1d([1, 2]) };
    const second = shareWeights(first);
    expect(weightsByteLength(first)).toBe(8);
    disposeWeights(first);
    expect(await arrayOf(second["w"])).toEqual([1, 2]);
  });
});
