export {
  applyGuidance,
  classifierFreeGuidance,
  rescaledGuidance,
  splitGuidance,
  type GuidanceInputs,
  type GuidanceMethod,
} from "./guidance.ts";
