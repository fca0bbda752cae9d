export { leaf } from "../cli/leaf.ts";
