import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { TorchGenerator } from "../../src/tensor/torch-generator.ts";
import { relativeError } from "../support/arrays.ts";
import {
  filterGradient,
  inputGradient,
  output,
  outputSize,
  type ConvolutionCase,
} from "./convolution-reference.ts";
import { startWasm } from "./start-wasm.ts";

const base: ConvolutionCase = {
  batch: 3,
  height: 9,
  width: 7,
  inChannels: 5,
  outChannels: 6,
  filter: [3, 3],
  strides: [1, 1],
  pad: [1, 1, 1, 1],
};

const groups: ConvolutionCase = { ...base, inChannels: 8, outChannels: 16 };

const cases: Record<string, ConvolutionCase> = {
  "3x3, padding 1": base,
  "3x3, batch 1": { ...base, batch: 1 },
  "3x3, more channels in than out": { ...base, inChannels: 11, outChannels: 2 },
  "one channel in": { ...base, inChannels: 1, outChannels: 9 },
  "one channel out": { ...base, inChannels: 9, outChannels: 1 },
  "1x1": { ...base, filter: [1, 1], pad: [0, 0, 0, 0] },
  "5x5, padding 2": { ...base, filter: [5, 5], pad: [2, 2, 2, 2], height: 7 },
  "5x5 larger than the picture": { ...base, filter: [5, 5], pad: [2, 2, 2, 2], height: 3, width: 4 },
  "3x3 without padding": { ...base, pad: [0, 0, 0, 0] },
  "2x3 with four different paddings": { ...base, filter: [2, 3], pad: [0, 1, 2, 3] },
  "2x3, more in than out, four paddings": {
    ...base,
    inChannels: 8,
    outChannels: 3,
    filter: [2, 3],
    pad: [2, 0, 1, 3],
  },
  "4x4, even": { ...base, filter: [4, 4], pad: [1, 2, 1, 2] },
  "padding wider than the filter": { ...base, filter: [2, 2], pad: [3, 4, 4, 3] },
  "padding wider than the filter, more in than out": {
    ...base,
    inChannels: 7,
    outChannels: 2,
    filter: [2, 2],
    pad: [3, 4, 4, 3],
  },
  "1x1 with padding": { ...base, filter: [1, 1], pad: [1, 2, 0, 1] },
  "stride 2, padding 1, odd": { ...base, strides: [2, 2] },
  "stride 2, padding 1, even": { ...base, strides: [2, 2], height: 8, width: 10 },
  "stride 2, padded after only": { ...base, strides: [2, 2], pad: [0, 1, 0, 1], height: 8, width: 8 },
  "stride 2, rows left unread": { ...base, strides: [2, 2], pad: [0, 0, 0, 0], height: 8, width: 10 },
  "stride 2, 1x1": { ...base, strides: [2, 2], filter: [1, 1], pad: [0, 0, 0, 0] },
  "stride 2, 5x5, more in than out": {
    ...base,
    strides: [2, 2],
    filter: [5, 5],
    pad: [2, 2, 1, 2],
    inChannels: 8,
    outChannels: 3,
  },
  "stride 2 by 1": { ...base, strides: [2, 1] },
  "stride 1 by 3": { ...base, strides: [1, 3], filter: [2, 4], pad: [0, 1, 2, 0] },
  "stride 3, 2x2: gaps between the windows": {
    ...base,
    strides: [3, 3],
    filter: [2, 2],
    pad: [0, 0, 0, 0],
    height: 10,
    width: 11,
  },
  "stride 2, batch 1, wide padding": {
    ...base,
    batch: 1,
    strides: [2, 2],
    pad: [3, 2, 4, 3],
    filter: [2, 3],
  },
  "a picture of one pixel": { ...base, height: 1, width: 1 },
  // Whole groups of four channels in and eight out have kernels of their own, and so have the gradients by them.
  "groups, 3x3": groups,
  "groups, batch 1, 2x3, four paddings": { ...groups, batch: 1, filter: [2, 3], pad: [0, 1, 2, 3] },
  "groups, stride 2, odd": { ...groups, strides: [2, 2] },
  "groups, stride 2 by 3, even": { ...groups, height: 10, width: 12, strides: [2, 3], pad: [0, 1, 0, 2] },
  "groups, padding wider than the filter": { ...groups, filter: [2, 2], pad: [3, 4, 4, 3] },
  "groups, rows left unread": { ...groups, strides: [3, 3], pad: [0, 0, 0, 0], height: 8, width: 8 },
  "groups, 1x1": { ...groups, filter: [1, 1], pad: [0, 0, 0, 0] },
  "groups, one pixel": { ...groups, height: 1, width: 1 },
  "weights in two parts": {
    ...groups,
    batch: 2,
    height: 5,
    width: 6,
    inChannels: 40,
    filter: [5, 5],
    pad: [2, 2, 2, 2],
  },
  "pixels in two bands": {
    ...groups,
    batch: 1,
    height: 30,
    width: 31,
    outChannels: 8,
    filter: [2, 2],
    pad: [0, 1, 0, 1],
  },
};

beforeAll(startWasm);

describe("conv2d and its gradients on wasm equal their sums in double precision", () => {
  for (const [name, c] of Object.entries(cases)) {
    it(name, async () => {
      const [outHeight, outWidth] = outputSize(c);
      const generator = TorchGenerator.fromSeed(1);
      const x = generator.randn(c.batch * c.height * c.width * c.inChannels);
      const filter = generator.randn(c.filter[0] * c.filter[1] * c.inChannels * c.outChannels);
      const dy = generator.randn(c.batch * outHeight * outWidth * c.outChannels);
      const xTensor = tf.tensor4d(x, [c.batch, c.height, c.width, c.inChannels]);
      const filterTensor = tf.tensor4d(filter, [...c.filter, c.inChannels, c.outChannels] as [
        number,
        number,
        number,
        number,
      ]);
      const dyTensor = tf.tensor4d(dy, [c.batch, outHeight, outWidth, c.outChannels]);
      const [top, bottom, left, right] = c.pad;
      const forward = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
        tf.conv2d(
          a as tf.Tensor4D,
          b as tf.Tensor4D,
          [...c.strides],
          [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ],
        );
      const y = forward(xTensor, filterTensor);
      expect(y.shape).toEqual([c.batch, outHeight, outWidth, c.outChannels]);
      expect(relativeError(await y.data(), output(c, x, filter)), "forward").toBeLessThan(2e-6);
      y.dispose();
      const before = tf.memory().numTensors;
      const dataIds = tf.engine().backend.numDataIds();
      const gradients = tf.grads(forward)([xTensor, filterTensor], dyTensor);
      const [dx, dw] = gradients as [tf.Tensor, tf.Tensor];
      expect(tf.memory().numTensors).toBe(before + 2);
      expect(tf.engine().backend.numDataIds()).toBe(dataIds + 2);
      expect(dx.shape).toEqual(xTensor.shape);
      expect(dw.shape).toEqual(filterTensor.shape);
      expect(relativeError(await dx.data(), inputGradient(c, filter, dy)), "by the input").toBeLessThan(2e-6);
      expect(relativeError(await dw.data(), filterGradient(c, x, dy)), "by the filter").toBeLessThan(2e-6);
      tf.dispose([xTensor, filterTensor, dyTensor, dx, dw]);
    });
  }

  const fewChannelCases: Record<string, ConvolutionCase> = {
    "5x5 to one channel": { ...base, inChannels: 9, outChannels: 1, filter: [5, 5], pad: [2, 2, 2, 2] },
    "3x3 to three channels, batch 1": { ...base, batch: 1, inChannels: 8, outChannels: 3 },
    "2x3 to two channels, four paddings": {
      ...base,
      inChannels: 10,
      outChannels: 2,
      filter: [2, 3],
      pad: [0, 3, 4, 1],
    },
    "to one channel without padding": { ...base, inChannels: 8, outChannels: 1, pad: [0, 0, 0, 0] },
    "to one channel, stride 2": { ...base, inChannels: 8, outChannels: 1, strides: [2, 2] },
    "1x1 to one channel": { ...base, inChannels: 8, outChannels: 1, filter: [1, 1], pad: [0, 0, 0, 0] },
  };
  for (const [name, c] of Object.entries(fewChannelCases)) {
    it(`forward, ${name}`, async () => {
      const generator = TorchGenerator.fromSeed(3);
      const x = generator.randn(c.batch * c.height * c.width * c.inChannels);
      const filter = generator.randn(c.filter[0] * c.filter[1] * c.inChannels * c.outChannels);
      const [top, bottom, left, right] = c.pad;
      const pad: [[0, 0], [number, number], [number, number], [0, 0]] = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      const xTensor = tf.tensor4d(x, [c.batch, c.height, c.width, c.inChannels]);
      const filterTensor = tf.tensor4d(filter, [...c.filter, c.inChannels, c.outChannels] as [
        number,
        number,
        number,
        number,
      ]);
      const dataIds = tf.engine().backend.numDataIds();
      const y = tf.conv2d(xTensor, filterTensor, [...c.strides], pad);
      expect(tf.engine().backend.numDataIds()).toBe(dataIds + 1);
      expect(y.shape).toEqual([c.batch, ...outputSize(c), c.outChannels]);
      expect(relativeError(await y.data(), output(c, x, filter))).toBeLessThan(2e-6);
    });
  }

  it('the paddings "same" and "valid" of conv2dTranspose', async () => {
    const generator = TorchGenerator.fromSeed(2);
    for (const pad of ["same", "valid"] as const) {
      const paddings = pad === "same" ? ([0, 1, 0, 1] as const) : ([0, 0, 0, 0] as const);
      const c: ConvolutionCase = { ...base, height: 8, width: 6, strides: [2, 2], pad: paddings };
      const [outHeight, outWidth] = outputSize(c);
      const filter = generator.randn(9 * c.inChannels * c.outChannels);
      const dy = generator.randn(c.batch * outHeight * outWidth * c.outChannels);
      const result = tf.conv2dTranspose(
        tf.tensor4d(dy, [c.batch, outHeight, outWidth, c.outChannels]),
        tf.tensor4d(filter, [3, 3, c.inChannels, c.outChannels]),
        [c.batch, c.height, c.width, c.inChannels],
        2,
        pad,
      );
      expect(relativeError(await result.data(), inputGradient(c, filter, dy)), pad).toBeLessThan(2e-6);
    }
  });
});
