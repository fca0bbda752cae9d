/** Makes public/icons/*.png from public/icons/loom.svg: `npx tsx scripts/icons.ts`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findChromium, launchChromium } from "../tests/support/browser.ts";

const FOLDER = fileURLToPath(new URL("../public/icons/", import.meta.url));
const svg = readFileSync(`${FOLDER}loom.svg`, "utf8");
const executable = findChromium();
if (!executable) throw new Error("No Chromium or Chrome was found. Set CHROMIUM to the path of one.");

const browser = await launchChromium(executable);
const page = await browser.newPage();
for (const [name, size, maskable] of [
  ["loom-192", 192, false],
  ["loom-512", 512, false],
  ["loom-maskable-512", 512, true],
] as const) {
  await page.setViewportSize({ width: size, height: size });
  // A maskable icon has no corners of its own: the system cuts them.
  const drawing = maskable ? svg.replace('rx="5.5"', "") : svg;
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${drawing}`,
  );
  await page.screenshot({ path: `${FOLDER}${name}.png`, omitBackground: true });
}
await browser.close();
