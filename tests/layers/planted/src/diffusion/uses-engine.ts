export { leaf } from "../engine/leaf.ts";
