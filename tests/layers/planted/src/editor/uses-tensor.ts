export { leaf } from "../tensor/leaf.ts";
