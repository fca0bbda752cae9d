import { describe, expect, it } from "vitest";
import { parseCommand, UsageError } from "../../src/cli/args.ts";

describe("the command line", () => {
  it("reads a run with all its options", () => {
    const argv = [
      "run",
      "g.json",
      "--set",
      "seed.seed=3",
      "--set",
      "text.value=a=b",
      "--save",
      "decode.image=out.png",
      "--stats",
      "decode.image",
      "--only",
      "decode",
      "--backend",
      "cpu",
      "--memory-budget",
      "1.5GB",
      "--json",
    ];
    expect(parseCommand(argv)).toEqual({
      command: "run",
      graph: "g.json",
      set: { "seed.seed": "3", "text.value": "a=b" },
      save: [{ port: "decode.image", path: "out.png" }],
      stats: ["decode.image"],
      only: ["decode"],
      backend: "cpu",
      memoryBudget: 1.5e9,
      json: true,
    });
  });

  it.each([
    ["4GB", 4e9],
    ["800 mb", 8e8],
    ["1.5GiB", 1.5 * 2 ** 30],
    ["123456", 123456],
  ])("reads %s as a size", (text, bytes) => {
    expect(parseCommand(["run", "g.json", "--memory-budget", text])).toMatchObject({ memoryBudget: bytes });
  });

  it.each(["much", "-4GB", "0", "4XB", ""])("refuses %j as a size", (text) => {
    expect(() => parseCommand(["run", "g.json", `--memory-budget=${text}`])).toThrow(/is no size; write 4GB/);
  });

  it("runs on the automatic backend unless told otherwise", () => {
    expect(parseCommand(["run", "g.json"])).toMatchObject({
      backend: "auto",
      json: false,
      set: {},
      save: [],
      only: [],
    });
  });

  it.each([
    [["run"], "wants the path of a graph file"],
    [["run", "a", "b"], '"b" is one word too many'],
    [["run", "g", "--backend", "cuda"], "auto, webgpu, wasm, cpu"],
    [["run", "g", "--set", "seed=3"], "node.param=value"],
    [["run", "g", "--save", "x.png"], "node.port=file"],
    [["run", "g", "--save", "a.image=x.bmp"], '"x.bmp": the extension must be .png'],
    [["run", "g", "--save", "a.image=x"], '"x": the extension must be .png'],
    [["run", "g", "--sets", "x"], "--sets"],
    [["dance"], '"dance" is no command'],
  ])("refuses %j: %s", (argv, reason) => {
    expect(() => parseCommand(argv)).toThrow(UsageError);
    expect(() => parseCommand(argv)).toThrow(reason);
  });
});
