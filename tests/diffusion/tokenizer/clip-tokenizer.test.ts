import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  createClipTokenizer,
  decodeTokens,
  tokenize,
  type ClipTokenizer,
} from "../../../src/diffusion/tokenizer/clip-tokenizer.ts";
import { encodePrompt } from "../../../src/diffusion/tokenizer/encode-prompt.ts";
import { parsePromptWeights } from "../../../src/diffusion/tokenizer/prompt-weights.ts";
import { clipVocabulary } from "./clip-vocabulary.ts";

interface Case {
  readonly text: string;
  readonly ids: number[];
  readonly row?: number[];
}

const golden = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../golden/tokenizer/${file}.json`, import.meta.url), "utf8"));
const corpus = golden("corpus") as Case[];
const sd2 = golden("sd2") as { tokenizerConfig: object; specialTokensMap: object; cases: Case[] };
const tiny = golden("tiny") as { vocab: object; merges: string[]; tokenizerConfig: object; cases: Case[] };

const vocabulary = clipVocabulary();
const clip = createClipTokenizer(vocabulary);
const sd2Tokenizer = createClipTokenizer({
  ...vocabulary,
  tokenizerConfig: JSON.stringify(sd2.tokenizerConfig),
  specialTokensMap: JSON.stringify(sd2.specialTokensMap),
});
const tinyFiles = {
  vocab: JSON.stringify(tiny.vocab),
  merges: `#version: 0.2\r\n${tiny.merges.join("\r\n")}\r\n`,
  tokenizerConfig: JSON.stringify(tiny.tokenizerConfig),
};

function expectSameIds(tokenizer: ClipTokenizer, cases: readonly Case[]): void {
  const ours = cases.map(({ text }) => ({ text, ids: tokenize(tokenizer, text) }));
  const different = cases.filter(({ ids }, i) => ids.join() !== ours[i]?.ids.join());
  expect(
    different.map(({ text, ids }) => ({ text, ids, ours: tokenize(tokenizer, text) })).slice(0, 5),
  ).toEqual([]);
  const rows = cases.filter((c) => c.row !== undefined);
  expect(rows.length).toBeGreaterThan(0);
  for (const { text, row } of rows) expect(encodePrompt(tokenizer, text).inputIds).toEqual([row]);
}

describe("CLIP tokenizer against transformers", () => {
  it("gives the same ids for the whole corpus", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(2000);
    expectSameIds(clip, corpus);
  });

  it("gives the same ids with SD 2's special tokens, where '!' is the padding", () => {
    expect(sd2Tokenizer.padTokenId).toBe(0);
    expectSameIds(sd2Tokenizer, sd2.cases);
  });

  it("gives the same ids with a tiny vocabulary, unknown bytes and added tokens", () => {
    const tokenizer = createClipTokenizer(tinyFiles);
    expect(tokenizer.modelMaxLength).toBe(16);
    expectSameIds(tokenizer, tiny.cases);
  });

  it("reads the vocabulary from tokenizer.json as well", () => {
    const tokenizerJson = JSON.stringify({
      model: { type: "BPE", vocab: tiny.vocab, merges: tiny.merges.map((m) => m.split(" ")) },
    });
    expectSameIds(
      createClipTokenizer({ tokenizerJson, tokenizerConfig: tinyFiles.tokenizerConfig }),
      tiny.cases,
    );
  });
});

describe("decodeTokens", () => {
  it("brings back the normalized text", () => {
    expect(decodeTokens(clip, tokenize(clip, "A café,  日本 😀"))).toBe("a café , 日本 😀");
    expect(decodeTokens(clip, [clip.bosTokenId, ...tokenize(clip, "cat"), clip.eosTokenId])).toBe("cat");
    expect(decodeTokens(clip, [clip.bosTokenId, 2368], { keepSpecial: true })).toBe("<|startoftext|>cat");
  });
});

describe("encodePrompt", () => {
  const long = Array.from({ length: 100 }, () => "cat").join(" ");

  it("cuts a prompt that is too long and says what was lost", () => {
    const encoded = encodePrompt(clip, `${long} dog`);
    expect(encoded.inputIds).toHaveLength(1);
    expect(encoded.inputIds[0]).toHaveLength(77);
    expect(encoded.inputIds[0]?.at(-1)).toBe(clip.eosTokenId);
    expect(encoded.tokenCount).toBe(101);
    expect(encoded.warning).toMatch(/101 tokens.*reads 75.*cat dog"/);
  });

  it("reads a long prompt in chunks that lose nothing", () => {
    const encoded = encodePrompt(clip, `${long} dog`, { overflow: "chunk" });
    expect(encoded.warning).toBeUndefined();
    expect(encoded.inputIds.map((row) => row.length)).toEqual([77, 77]);
    const content = encoded.inputIds.flatMap((row, chunk) =>
      row.filter((_, i) => encoded.attentionMask[chunk]?.[i] === 1),
    );
    expect(content.filter((id) => id !== clip.bosTokenId && id !== clip.eosTokenId)).toEqual(
      tokenize(clip, `${long} dog`),
    );
  });

  it("adds empty chunks up to the number asked for", () => {
    const encoded = encodePrompt(sd2Tokenizer, "cat", { minChunks: 2, maxLength: 5 });
    expect(encoded.inputIds).toEqual([
      [49406, 2368, 49407, 0, 0],
      [49406, 49407, 0, 0, 0],
    ]);
    expect(encoded.attentionMask).toEqual([
      [1, 1, 1, 0, 0],
      [1, 1, 0, 0, 0],
    ]);
  });

  it("gives each token its piece's weight, and the markers and the padding 1", () => {
    const encoded = encodePrompt(clip, parsePromptWeights("cat (astronaut dog:1.5)"), { maxLength: 7 });
    expect(encoded.inputIds).toEqual([[49406, 2368, 18376, 1929, 49407, 49407, 49407]]);
    expect(encoded.weights).toEqual([[1, 1, 1.5, 1.5, 1, 1, 1]]);
  });

  it("refuses a length without room for a token", () => {
    expect(() => encodePrompt(clip, "cat", { maxLength: 2 })).toThrow("maxLength is 2");
  });
});

describe("damaged tokenizer files are refused by name", () => {
  it.each([
    ["no vocabulary", { merges: "" }, "needs vocab.json and merges.txt"],
    ["vocab.json cut off", { vocab: '{"a":', merges: "" }, "vocab.json is not JSON"],
    [
      "an id that is no number",
      { vocab: '{"a":"1"}', merges: "" },
      'vocab.json: the token "a" has the id "1"',
    ],
    ["a merge of three", { vocab: "{}", merges: "a b c" }, "merges.txt, line 1"],
    [
      "a merge without its token",
      { vocab: '{"a":0,"b":1}', merges: "#version: 0.2\na b" },
      'merge 1 ("a b") needs the token "ab"',
    ],
    [
      "another tokenizer",
      { vocab: "{}", merges: "", tokenizerConfig: '{"tokenizer_class":"T5Tokenizer"}' },
      "T5Tokenizer",
    ],
  ])("%s", (_, files, message) => {
    expect(() => createClipTokenizer(files)).toThrow(message);
  });
});
