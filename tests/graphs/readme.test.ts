import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runGraph } from "latent-loom";

const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");

describe("README", () => {
  it("its first graph runs", async () => {
    const json = /```json\n(.*?)```/s.exec(readme)?.[1] ?? "";
    const result = await runGraph(json, { backend: "wasm" });
    expect(result.tensor("show.image").shape).toEqual([4, 28, 28, 1]);
    expect(() => result.tensor("show.picture")).toThrow('no array "show.picture" among the outputs: show.image');
    result.dispose();
  });

  it("its example of a test of one's own holds", async () => {
    const graph = readFileSync(new URL("graphs/sample-digits.graph.json", root), "utf8");
    const result = await runGraph(graph, { backend: "wasm", set: { "noise.batch": 4, "timesteps.numInferenceSteps": 2 } });
    expect(result.tensor("decode.image").shape).toEqual([4, 28, 28, 1]);
    result.dispose();
  });

  it("its links lead to files", () => {
    const links = [...readme.matchAll(/\]\(((?!https?:)[^)#]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !existsSync(new URL(link, root)))).toEqual([]);
  });
});
