import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { NodeDefinition } from "../../src/engine/node/define-node.ts";
import type { ZoneDefinition } from "../../src/engine/node/define-zone.ts";
import { schedulerCatalogue } from "../../src/diffusion/schedulers/index.ts";
import { describeNodes } from "../../src/nodes/describe.ts";
import { nodes, zones } from "../../src/nodes/index.ts";
import { SCHEDULER_CLASSES } from "../../src/nodes/sampling/scheduler-classes.ts";

const folder = fileURLToPath(new URL("../../src/nodes/", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" });

describe("src/nodes/index.ts", () => {
  it.each(files.filter((file) => file.endsWith(".node.ts")))("lists %s", async (file) => {
    const { default: definition } = (await import(`${folder}${file}`)) as { default: NodeDefinition };
    expect(nodes).toContain(definition);
    expect(definition.type.split("/")[0], "the type begins with the folder's name").toBe(file.split("/")[0]);
  });

  it.each(files.filter((file) => file.endsWith(".zone.ts")))("lists %s", async (file) => {
    const { default: definition } = (await import(`${folder}${file}`)) as { default: ZoneDefinition };
    expect(zones).toContain(definition);
  });
});

describe("the description of the nodes", () => {
  const description = describeNodes();

  it("is plain data: it survives JSON", () => {
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  it.each(Object.values(description.nodes).map((node) => [node.type, node] as const))(
    "%s explains itself",
    (_, node) => {
      expect(node.title).not.toBe("");
      expect(node.doc).toMatch(/[.)]$/);
      const parts = [
        ...Object.values(node.inputs),
        ...Object.values(node.params),
        ...Object.values(node.outputs),
      ];
      for (const part of parts) expect(part.doc, JSON.stringify(part)).toMatch(/\S.*\.$/s);
    },
  );

  it("offers every scheduler that steps by timesteps", () => {
    const known = schedulerCatalogue
      .map(({ className }) => className)
      .filter((name) => !name.startsWith("FlowMatch"));
    expect([...SCHEDULER_CLASSES].sort()).toEqual(known.sort());
  });
});
