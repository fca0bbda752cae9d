import { unsafeCSS } from "lit";

/** A length of geometry.ts within a style sheet. */
export const px = (value: number): ReturnType<typeof unsafeCSS> => unsafeCSS(`${value}px`);
