import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { cruise, type IConfiguration, type ICruiseResult } from "dependency-cruiser";
import { beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const rules = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as IConfiguration;

async function violations(folder: string): Promise<{ modules: number; found: string[] }> {
  const { forbidden = [], options = {} } = rules;
  const { output } = await cruise([folder], {
    ...options,
    baseDir: root,
    ruleSet: { forbidden },
    validate: true,
  });
  const { modules, summary } = output as ICruiseResult;
  const inside = (file: string): string => file.slice(file.indexOf("src/") + 4);
  return {
    modules: modules.length,
    found: summary.violations.map(({ rule, from }) => `${rule.name}: ${inside(from)}`),
  };
}

describe("layers", () => {
  let planted: string[] = [];
  beforeAll(async () => {
    planted = (await violations("tests/layers/planted/src")).found;
  });

  it.each([
    "tensor-is-the-floor: tensor/uses-diffusion.ts",
    "diffusion-knows-no-graph: diffusion/uses-engine.ts",
    "engine-knows-no-model: engine/uses-tensor.ts",
    "engine-imports-no-numerics: engine/uses-tfjs.ts",
    "nodes-have-no-view: nodes/uses-editor.ts",
    "cli-has-no-view: cli/uses-editor.ts",
    "editor-is-the-top: editor/uses-cli.ts",
    "only-the-editor-draws: nodes/uses-lit.ts",
    "the-page-loads-no-numerics: editor/uses-tensor.ts",
    "the-page-loads-no-numerics: editor/uses-tfjs.ts",
    "no-circular: tensor/cycle-first.ts",
    "not-to-unresolvable: diffusion/uses-nothing.ts",
  ])("a planted violation is found: %s", (violation) => {
    expect(planted).toContain(violation);
  });

  it("the worker may load the numerics", () => {
    expect(planted.filter((violation) => violation.includes("editor/worker/"))).toEqual([]);
  });

  it("the sources have none, and all of them were looked at", async () => {
    const { modules, found } = await violations("src");
    expect(found).toEqual([]);
    expect(modules).toBeGreaterThan(50);
  });
});
