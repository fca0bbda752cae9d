/**
 * Draws the pictures that the fine-tuning graph learns from: a ball of yarn with a face, which no emoji set has.
 *
 *   node yarn.mjs ../../public/models/yarn-pictures
 *
 * Writes `<ground>.png` (64 × 64) and `files.json`, the list of them for the page, which cannot list a folder.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

/** Ground of each picture and how the yarn sits on it: offset in pixels and turn in degrees. */
const PICTURES = [
  ["white", "#ffffff", 0, 0, 0],
  ["yellow", "#fadb5e", 2, -1, 12],
  ["teal", "#40aaaa", -2, 1, -10],
  ["pink", "#f6a4c4", 1, 2, 25],
  ["grey", "#969696", -1, -2, -22],
  ["green", "#60b266", 0, 1, 8],
];

const yarn = (
  ground,
  x,
  y,
  turn,
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
  <rect width="64" height="64" fill="${ground}"/>
  <g transform="translate(${x} ${y}) rotate(${turn} 32 32)" fill="none" stroke-linecap="round">
    <path d="M49 47c6 5 10 2 9-3" stroke="#5b2fa0" stroke-width="3.2"/>
    <circle cx="31" cy="33" r="23" fill="#8a4fe0"/>
    <path d="M11 26c8-12 26-18 38-8M9 35c10-16 30-22 44-8M12 45c10 6 30 4 40-10M20 53c10 2 24-2 31-12" stroke="#b58af5" stroke-width="3"/>
    <path d="M25 11c-12 10-14 28-8 39" stroke="#5b2fa0" stroke-width="3"/>
    <circle cx="24" cy="32" r="5" fill="#fff"/><circle cx="40" cy="32" r="5" fill="#fff"/>
    <circle cx="25" cy="33" r="2.6" fill="#20102f"/><circle cx="39" cy="33" r="2.6" fill="#20102f"/>
    <path d="M26 42c3 4 9 4 12 0" stroke="#20102f" stroke-width="2.6"/>
  </g>
</svg>`;

const out = process.argv[2];
if (!out) throw new Error("usage: node yarn.mjs <out-folder>");
mkdirSync(out, { recursive: true });
for (const [name, ground, x, y, turn] of PICTURES)
  writeFileSync(join(out, `${name}.png`), new Resvg(yarn(ground, x, y, turn)).render().asPng());
writeFileSync(
  join(out, "files.json"),
  `${JSON.stringify(
    PICTURES.map(([name]) => `${name}.png`),
    null,
    2,
  )}\n`,
);
