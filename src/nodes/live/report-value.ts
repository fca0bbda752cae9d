import * as tf from "@tensorflow/tfjs";
import type { SocketType } from "../../engine/node/socket-type.ts";
import { StoredTensor, type Weight } from "../../tensor/stored/stored-tensor.ts";
import { ResidentModel } from "../model/resident-model.ts";
import { statisticsOf } from "./array-statistics.ts";
import { picturesOf } from "./pictures.ts";
import type { ValueReport } from "./reports.ts";

/** More numbers are not read back for a report: it has to come while somebody waits. */
const MOST_NUMBERS = 2 ** 26;

/** The arrays in a value: a tensor itself, the weights of a network, the states of a prompt. */
function arraysIn(value: unknown, type: SocketType): Weight[] {
  if (value instanceof tf.Tensor) return [value];
  if (value instanceof ResidentModel) return value.isLoaded ? Object.values(value.weights) : [];
  const resources = type.resources?.(value) ?? [];
  return [...resources].filter(
    (resource) => resource instanceof tf.Tensor || resource instanceof StoredTensor,
  );
}

/**
 * What can be told of a value on a wire. Reads its arrays back from the device.
 *
 * @param parts Leave pictures or statistics out where nobody looks at them.
 */
export async function reportValue(
  value: unknown,
  type: SocketType,
  parts: { readonly pictures?: boolean; readonly statistics?: boolean } = {},
): Promise<ValueReport> {
  const { pictures = true, statistics = true } = parts;
  const text = type.describe?.(value) ?? plainText(value);
  const base = { type: type.id, label: type.label, text, bytes: type.bytes?.(value) ?? 0 };
  const numbers = numbersIn(value);
  if (numbers) {
    const { statistics: found } = {
      statistics: statistics ? await statisticsOf(() => once(numbers)) : undefined,
    };
    return {
      ...base,
      shape: typeof value === "number" ? [] : [numbers.length],
      pictures: [],
      ...(found && { statistics: found }),
    };
  }
  const arrays = arraysIn(value, type);
  const [first] = arrays;
  if (first === undefined) {
    const isAway = value instanceof ResidentModel && !value.isLoaded;
    return { ...base, pictures: [], ...(isAway && { remark: "Its weights are not in memory now." }) };
  }
  const isTensor = value instanceof tf.Tensor;
  const shape = isTensor
    ? { shape: value.shape, dtype: value.dtype }
    : { arrays: arrays.length, dtype: [...new Set(arrays.map(({ dtype }) => dtype))].join(", ") };
  const { measured, remark } = measurable(arrays);
  const kind = type.id === "image" || type.id === "latent" ? type.id : "array";
  return {
    ...base,
    ...shape,
    ...(remark !== undefined && { remark }),
    ...(statistics && measured.length > 0 && { statistics: await statisticsOf(() => readBack(measured)) }),
    pictures:
      pictures && arrays.length === 1 && first instanceof tf.Tensor ? await picturesOf(first, kind) : [],
  };
}

function measurable(arrays: readonly Weight[]): {
  readonly measured: readonly Weight[];
  readonly remark?: string;
} {
  const readable = arrays.filter(({ dtype }) => dtype !== "string");
  const measured: Weight[] = [];
  let numbers = 0;
  for (const array of readable) {
    if (numbers + array.size > MOST_NUMBERS) break;
    numbers += array.size;
    measured.push(array);
  }
  if (measured.length === arrays.length) return { measured };
  const remark =
    measured.length === 0
      ? "It is too large to be measured here."
      : `Measured are its first ${String(measured.length)} arrays of ${String(arrays.length)}.`;
  return { measured, remark };
}

async function* readBack(arrays: readonly Weight[]): AsyncIterable<ArrayLike<number>> {
  for (const array of arrays) yield await array.data();
}

async function* once(numbers: ArrayLike<number>): AsyncIterable<ArrayLike<number>> {
  yield numbers;
}

function numbersIn(value: unknown): readonly number[] | undefined {
  if (typeof value === "number") return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
  return undefined;
}

function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (Array.isArray(value)) return `${String(value.length)} values`;
  return "";
}
