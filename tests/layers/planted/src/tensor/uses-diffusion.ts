export { leaf } from "../diffusion/leaf.ts";
