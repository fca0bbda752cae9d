import type { NodeStep } from "../../engine/run/plan-data.ts";
import type { Model } from "../../diffusion/weights/parameters.ts";
import { latentGeometry } from "../image/vae.ts";

/** The size that a plan reckons with. */
export interface PlannedPicture {
  readonly batch: number;
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** The graph does not tell: Stable Diffusion's own size. */
  readonly assumed: boolean;
}

/** A picture, and how many times smaller a latent of it is. */
export interface PlannedSizes {
  readonly picture: PlannedPicture;
  readonly downscale: number;
}

const ASSUMED: PlannedPicture = { batch: 1, height: 512, width: 512, assumed: true };

/** Stable Diffusion's. */
const DOWNSCALE = 8;

/**
 * Sizes as far as parameters tell. A node that names the size of the picture counts before one that names that of a latent,
 * which for a network without a VAE is the picture's own.
 * @param vae the one that the graph reads, if any.
 */
export function plannedSizes(steps: readonly NodeStep[], vae: Model<unknown> | undefined): PlannedSizes {
  const first = (type: string): NodeStep | undefined =>
    steps.find((step) => step.type === type && !step.inputs.some(({ port }) => port === "like"));
  const latentNoise = first("sampling/latent-noise");
  const byHand = latentNoise && numberAt(latentNoise, "downscale");
  const downscale = vae ? latentGeometry(vae).downscale : (byHand ?? DOWNSCALE);
  const picture = latentNoise ?? first("image/resize");
  if (picture) return { picture: pictureOf(picture, 1), downscale };
  const noise = first("sampling/noise");
  if (!noise) return { picture: ASSUMED, downscale };
  const scale = vae ? downscale : 1;
  return { picture: pictureOf(noise, scale), downscale: scale };
}

const numberAt = ({ params }: NodeStep, name: string): number | undefined => {
  const value = params[name];
  return typeof value === "number" ? value : undefined;
};

const pictureOf = (step: NodeStep, scale: number): PlannedPicture => ({
  batch: numberAt(step, "batch") ?? 1,
  height: scale * (numberAt(step, "height") ?? ASSUMED.height),
  width: scale * (numberAt(step, "width") ?? ASSUMED.width),
  assumed: false,
});
