import { createRegistry } from "../engine/node/registry.ts";
import { nodes, zones } from "./index.ts";
import { socketTypes } from "./socket-types.ts";

/** All nodes, zones and socket types of this project. */
export const registry = createRegistry({ nodes, zones, types: socketTypes });
