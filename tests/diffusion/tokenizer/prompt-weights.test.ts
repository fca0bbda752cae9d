import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePromptWeights } from "../../../src/diffusion/tokenizer/prompt-weights.ts";

const parse = (prompt: string): [string, number][] =>
  parsePromptWeights(prompt).map(({ text, weight }) => [text, Number(weight.toFixed(6))]);

describe("parsePromptWeights", () => {
  it.each<[string, [string, number][]]>([
    ["", [["", 1]]],
    ["a cat", [["a cat", 1]]],
    [
      "a (cat) sat",
      [
        ["a ", 1],
        ["cat", 1.1],
        [" sat", 1],
      ],
    ],
    [
      "a (cat:1.3)",
      [
        ["a ", 1],
        ["cat", 1.3],
      ],
    ],
    ["[cat]", [["cat", 0.909091]]],
    ["((cat))", [["cat", 1.21]]],
    ["((cat:2))", [["cat", 2.2]]],
    [
      "(a [b] (c:0.5):2)",
      [
        ["a ", 2],
        ["b", 1.818182],
        [" ", 2],
        ["c", 1],
      ],
    ],
    ["([cat])", [["cat", 1]]],
    ["\\(cat\\) \\[x\\] \\\\", [["(cat) [x] \\", 1]]],
    ["(a \\(b\\):1.5)", [["a (b)", 1.5]]],
    ["a\\b", [["a\\b", 1]]],
    ["ends with \\", [["ends with \\", 1]]],
    ["(open", [["open", 1.1]]],
    [
      "[open (twice",
      [
        ["open ", 0.909091],
        ["twice", 1],
      ],
    ],
    ["stray ) and ]", [["stray ) and ]", 1]]],
    ["(a]b)", [["a]b", 1.1]]],
    ["time: 12:30", [["time: 12:30", 1]]],
    ["[cat:0.5]", [["cat:0.5", 0.909091]]],
    ["(ratio 16:9 : .5 )", [["ratio 16:9 ", 0.5]]],
    ["(cat:-1)", [["cat", -1]]],
    ["(cat:1.2.3)", [["cat:1.2.3", 1.1]]],
    ["(cat:)", [["cat:", 1.1]]],
    ["()", [["", 1]]],
    [
      "a(b)c(d)",
      [
        ["a", 1],
        ["b", 1.1],
        ["c", 1],
        ["d", 1.1],
      ],
    ],
  ])("%s", (prompt, pieces) => {
    expect(parse(prompt)).toEqual(pieces);
  });

  it("reads any text, and keeps all of it when every bracket and backslash is escaped", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("(", ")", "[", "]", "\\", ":", "1", ".", "a", " ") }),
        (text) => {
          expect(parsePromptWeights(text).every(({ weight }) => Number.isFinite(weight))).toBe(true);
          const escaped = text.replace(/[()[\]\\]/g, "\\$&");
          expect(parsePromptWeights(escaped)).toEqual([{ text, weight: 1 }]);
        },
      ),
    );
  });
});
