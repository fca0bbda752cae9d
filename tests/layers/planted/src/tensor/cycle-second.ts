export { first } from "./cycle-first.ts";
export const second = 2;
