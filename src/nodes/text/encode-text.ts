import type * as tf from "@tensorflow/tfjs";
import type { ClipTextConfig } from "../../diffusion/models/clip-text-config.ts";
import { clipTextForward, gatherTokenEmbeddings } from "../../diffusion/models/clip-text.ts";
import { applyTokenWeights, joinChunks } from "../../diffusion/tokenizer/apply-token-weights.ts";
import type { EncodedPrompt } from "../../diffusion/tokenizer/encode-prompt.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { tensorHost } from "../host.ts";

/**
 * Text states of one prompt, `[1, chunks · tokens, width]`, with the tokens' attention weights applied.
 *
 * @param clipSkip How many of the last layers are left out.
 */
export async function encodeText(
  { config, weights }: Model<unknown>,
  { inputIds, weights: tokenWeights }: EncodedPrompt,
  clipSkip: number,
): Promise<tf.Tensor3D> {
  const clip = config as ClipTextConfig;
  // Rows are gathered on the CPU: CLIP's table alone is larger than some adapters bind.
  const tokenEmbeddings = await gatherTokenEmbeddings(clip, weights, inputIds);
  try {
    return tensorHost.scope(() => {
      const { lastHiddenState } = clipTextForward(clip, weights, { inputIds, tokenEmbeddings, clipSkip });
      return joinChunks(applyTokenWeights(lastHiddenState, tokenWeights));
    });
  } finally {
    tokenEmbeddings.dispose();
  }
}
