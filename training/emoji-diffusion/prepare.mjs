/**
 * Draws the emoji of five aligned sets at three sizes, without a background, and writes down their words.
 *
 *   node prepare.mjs <out-folder>
 *
 * Writes `pictures-<size>.rgba` (uint8, [pictures, size, size, 4], straight alpha) for each size, and `index.json`: the
 * objects with their words, and for each picture its object and its style.
 */
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const require = createRequire(import.meta.url);
const json = (path) => JSON.parse(readFileSync(require.resolve(path), "utf8"));

/** The word of each style, and the set that has it. */
const STYLES = [
  { word: "flat", set: "fluent-emoji-flat" },
  { word: "glossy", set: "fluent-emoji" },
  { word: "cartoon", set: "twemoji" },
  { word: "soft", set: "noto" },
  { word: "blob", set: "noto-v1" },
];
/** Smileys, animals and nature, food, travel, activities, objects. People, signs and flags are left out. */
const GROUPS = new Map([
  [0, "smileys"],
  [3, "nature"],
  [4, "food"],
  [5, "travel"],
  [6, "activities"],
  [7, "objects"],
]);
/** An object that fewer sets have says too little about what is object and what is style. */
const LEAST_SETS = 4;
/** Outer size of the drawn emoji; the picture it is put on is 64 pixels wide. */
const SIZES = [52, 56, 60];
/** resvg 2.6.2 ends the process on these. */
const UNDRAWABLE = new Set([
  "noto/package",
  "noto-v1/ambulance",
  "noto-v1/bullet-train",
  "noto-v1/cocktail-glass",
  "noto-v1/hot-beverage",
  "noto-v1/lady-beetle",
]);
/** Twenty-four clock faces differ by less than a pixel at this size. */
const isClock = (label) => /o[’']clock|-thirty$/.test(label);

const out = process.argv[2];
if (!out) throw new Error("usage: node prepare.mjs <out-folder>");
mkdirSync(out, { recursive: true });

const sets = STYLES.map(({ word, set }) => ({ word, set, icons: json(`@iconify-json/${set}/icons.json`) }));
const slugs = json("@iconify-json/noto/chars.json");
const keywords = json("emojilib/dist/emoji-en-US.json");

function svgOf(icons, slug) {
  const name = icons.icons[slug] ? slug : icons.aliases?.[slug]?.parent;
  const icon = name && icons.icons[name];
  if (!icon) return undefined;
  const width = icon.width ?? icons.width ?? 16;
  const height = icon.height ?? icons.height ?? 16;
  const box = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box}" width="${width}" height="${height}">${icon.body}</svg>`;
}

/** The emoji in the middle of a transparent square, [size, size, 4]; resvg's alpha is premultiplied, ours is not. */
function draw(svg, size) {
  const image = new Resvg(svg, { fitTo: { mode: "width", value: size } }).render();
  const square = new Uint8Array(size * size * 4);
  const rows = Math.min(size, image.height);
  const top = (size - rows) >> 1;
  const pixels = image.pixels;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < Math.min(size, image.width); column++) {
      const from = (row * image.width + column) * 4;
      const to = ((row + top) * size + column) * 4;
      const alpha = pixels[from + 3];
      for (let channel = 0; channel < 3; channel++)
        square[to + channel] = alpha ? Math.min(255, Math.round((pixels[from + channel] * 255) / alpha)) : 0;
      square[to + 3] = alpha;
    }
  return square;
}

const objects = [];
const pictures = [];
const drawn = SIZES.map(() => []);
for (const entry of json("emojibase-data/en/data.json")) {
  if (!GROUPS.has(entry.group) || isClock(entry.label)) continue;
  const code = entry.hexcode.toLowerCase();
  const slug = slugs[code] ?? slugs[code.replace(/-fe0f/g, "")];
  if (!slug) continue;
  const found = sets.map(({ set, icons }) =>
    UNDRAWABLE.has(`${set}/${slug}`) ? undefined : svgOf(icons, slug),
  );
  if (found.filter(Boolean).length < LEAST_SETS) continue;
  const object = objects.length;
  const words = [...(entry.tags ?? []), ...(keywords[entry.emoji] ?? [])]
    .map((word) => word.replaceAll("_", " ").toLowerCase())
    .filter((word) => /^[a-z][a-z -]*$/.test(word) && word !== entry.label);
  objects.push({
    slug,
    name: entry.label.toLowerCase().replace(/[“”"]/g, "").replace(/’/g, "'"),
    group: GROUPS.get(entry.group),
    keywords: [...new Set(words)],
  });
  found.forEach((svg, style) => {
    if (!svg) return;
    pictures.push({ object, style });
    SIZES.forEach((size, i) => drawn[i].push(draw(svg, size)));
  });
}
SIZES.forEach((size, i) => writeFileSync(join(out, `pictures-${size}.rgba`), Buffer.concat(drawn[i])));
writeFileSync(
  join(out, "index.json"),
  JSON.stringify({ styles: STYLES.map(({ word }) => word), sizes: SIZES, objects, pictures }),
);
console.log(`${objects.length} objects, ${pictures.length} pictures`);
