import type { Model } from "../../diffusion/weights/parameters.ts";
import { modelBytes, modelParameterCount } from "../model/resident-model.ts";

/** How most of a model's weights are kept: in two bytes a value, or in four. */
export type Precision = "half" | "full";

/** Of a model that is loaded, or will be. */
export const precisionOf = (model: Model<unknown>): Precision =>
  modelBytes(model) > 3 * modelParameterCount(model) ? "full" : "half";
