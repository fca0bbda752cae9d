export { memory } from "@tensorflow/tfjs";
