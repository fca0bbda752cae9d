import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { applyGuidance, splitGuidance, type GuidanceMethod } from "../../../src/diffusion/guidance/index.ts";
import { describeOnBackends } from "../../support/backends.ts";
import { nhwc, relativeError, tensorOf } from "../schedulers/golden.ts";

describeOnBackends("guidance", ({ name }) => {
  const tolerance = name === "webgpu" ? 1e-4 : 1e-6;
  const inputs = () => ({
    unconditional: tensorOf("guidance.unconditional"),
    conditional: tensorOf("guidance.conditional"),
  });

  const methods: readonly (readonly [string, GuidanceMethod])[] = [
    ["guidance.1", { kind: "classifier-free", guidanceScale: 1 }],
    ["guidance.7.5", { kind: "classifier-free", guidanceScale: 7.5 }],
    ...[1, 7.5].flatMap((guidanceScale) =>
      [0, 0.7].map(
        (guidanceRescale) =>
          [
            `guidance.${guidanceScale}.${guidanceRescale}`,
            { kind: "rescaled", guidanceScale, guidanceRescale },
          ] as const,
      ),
    ),
  ];
  it.each(methods)("%s is diffusers'", async (golden, method) => {
    const before = tf.memory().numTensors;
    const given = inputs();
    const guided = applyGuidance(method, given);
    expect(relativeError(await guided.data(), nhwc(golden))).toBeLessThanOrEqual(tolerance);
    tf.dispose([guided, given.conditional, given.unconditional]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("none is the conditional prediction, with an owner of its own", async () => {
    const given = inputs();
    const guided = applyGuidance({ kind: "none" }, given);
    given.conditional.dispose();
    expect(Array.from(await guided.data())).toEqual(Array.from(nhwc("guidance.conditional")));
    tf.dispose([guided, given.unconditional]);
  });

  it("splits a batch into its first half, without the prompt, and its second", async () => {
    const { unconditional, conditional } = inputs();
    const batched = tf.concat([unconditional, conditional], 0);
    const halves = splitGuidance(batched);
    expect(Array.from(await halves.unconditional.data())).toEqual(Array.from(nhwc("guidance.unconditional")));
    expect(Array.from(await halves.conditional.data())).toEqual(Array.from(nhwc("guidance.conditional")));
    tf.dispose([unconditional, conditional, batched, halves.unconditional, halves.conditional]);
  });

  it("refuses an odd batch, unequal shapes and a rescale over 1, and says why", () => {
    const { unconditional, conditional } = inputs();
    const one = tf.slice(conditional, [0, 0, 0, 0], [1, -1, -1, -1]);
    expect(() => splitGuidance(one)).toThrow(/size is 1, not even/);
    const method = { kind: "classifier-free", guidanceScale: 2 } as const;
    expect(() => applyGuidance(method, { unconditional, conditional: one })).toThrow(
      /\[2,2,3,3\].*\[1,2,3,3\]/,
    );
    const rescaled = { kind: "rescaled", guidanceScale: 2, guidanceRescale: 1.5 } as const;
    expect(() => applyGuidance(rescaled, { unconditional, conditional })).toThrow(/guidanceRescale is 1.5/);
    tf.dispose([unconditional, conditional, one]);
  });
});
