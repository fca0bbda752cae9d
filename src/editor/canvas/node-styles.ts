import { nodeCard } from "./styles/node-card.ts";
import { nodeModes } from "./styles/node-modes.ts";
import { nodeParams } from "./styles/node-params.ts";
import { nodePorts } from "./styles/node-ports.ts";
import { nodeResults } from "./styles/node-results.ts";

/** Heights come from geometry.ts: ports must stand where wires expect them. */
export const nodeStyles = [nodeCard, nodePorts, nodeParams, nodeResults, nodeModes];
