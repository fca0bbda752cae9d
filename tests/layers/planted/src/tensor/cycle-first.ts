export { second } from "./cycle-second.ts";
export const first = 1;
