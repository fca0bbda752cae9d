import { BASIC_UNET_CLASS_NAME } from "../../diffusion/models/basic-unet.ts";
import { UNET_2D_CONDITION_CLASS_NAME } from "../../diffusion/models/unet-2d-condition-config.ts";
import { UNET_2D_CLASS_NAME } from "../../diffusion/models/unet-2d-config.ts";

/** The classes that a U-Net wire may carry. */
export const UNET_CLASSES: readonly string[] = [
  UNET_2D_CLASS_NAME,
  UNET_2D_CONDITION_CLASS_NAME,
  BASIC_UNET_CLASS_NAME,
];
