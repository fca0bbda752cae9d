import type * as tf from "@tensorflow/tfjs";
import type { Unet2dConditionConfig } from "../../diffusion/models/unet-2d-condition-config.ts";
import { guidanceScaleEmbedding } from "../../diffusion/models/unet-2d-condition-embeddings.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";

/**
 * What a consistency model is told the guidance scale with, `[1, width]`.
 *
 * @throws Error if the model is none.
 */
export function embedGuidanceScale(unet: Model<unknown>, guidanceScale: number): tf.Tensor2D {
  const width = (unet.config as Partial<Unet2dConditionConfig>).timeCondProjDim;
  if (!width) throw new Error("unet has no time_cond_proj_dim: it is no consistency model (LCM).");
  return guidanceScaleEmbedding(guidanceScale, width);
}
