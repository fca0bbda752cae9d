export { leaf } from "../editor/leaf.ts";
