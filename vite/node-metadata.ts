import { fileURLToPath } from "node:url";
import { runnerImport, type Plugin } from "vite";
import type * as Describe from "../src/nodes/describe.ts";

const ID = "virtual:node-metadata";
const DESCRIBE = fileURLToPath(new URL("../src/nodes/describe.ts", import.meta.url));

/**
 * Gives the page the nodes' metadata as plain data, so that neither tfjs nor any model code gets into it.
 *
 * The nodes are run by Vite's own module runner, which knows `?url` imports; Node alone, which loads Vite's config, does not.
 */
export function nodeMetadata(): Plugin {
  let description: Promise<string> | undefined;
  const describe = async (): Promise<string> => {
    const { module } = await runnerImport<typeof Describe>(DESCRIBE, {
      configFile: false,
    });
    return `export default ${JSON.stringify(module.describeNodes())};`;
  };
  return {
    name: "latent-loom:node-metadata",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => (id === `\0${ID}` ? (description ??= describe()) : undefined),
  };
}
