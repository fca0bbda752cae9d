import type { RegistryDescription } from "../engine/node/description.ts";
import { describeRegistry } from "../engine/node/registry.ts";
import { registry } from "./registry.ts";

/** All nodes as plain data: what the page and `loom nodes` know of them. */
export function describeNodes(): RegistryDescription {
  return describeRegistry(registry);
}
