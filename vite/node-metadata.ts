import type { Plugin } from "vite";
import { describeNodes } from "../src/nodes/describe.ts";

const ID = "virtual:node-metadata";

/**
 * Gives the page the nodes' metadata as plain data, so that neither tfjs nor any model code gets into it.
 *
 * The nodes are imported where Vite's own config is loaded, in Node; a change to one restarts the development server.
 */
export function nodeMetadata(): Plugin {
  return {
    name: "latent-loom:node-metadata",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => (id === `\0${ID}` ? `export default ${JSON.stringify(describeNodes())};` : undefined),
  };
}
