import type { Registry } from "../node/registry.ts";
import type { GraphDocument, NodeRecord } from "./document.ts";
import type { Fault } from "./fault.ts";

export interface MigratedNodes {
  readonly document: GraphDocument;
  /** Ids of the nodes whose parameters were upgraded. */
  readonly migrated: readonly string[];
  readonly faults: readonly Fault[];
}

/**
 * Brings the parameters of nodes that were saved by older versions of their types up to date. Unknown types and newer
 * versions stay as they are: `validate` names them.
 */
export function migrateNodes(registry: Registry, document: GraphDocument): MigratedNodes {
  const migrated: string[] = [];
  const faults: Fault[] = [];
  const ends = [...registry.zones.values()].flatMap(({ begin, end }) => [begin, end]);
  const endByType = new Map(ends.map((end) => [end.type, end]));
  const upgrade = (nodes: GraphDocument["nodes"], prefix: string): GraphDocument["nodes"] =>
    Object.fromEntries(
      Object.entries(nodes).map(([id, record]) => [id, upgradeNode(record, `${prefix}${id}`)]),
    );
  const upgradeNode = (record: NodeRecord, id: string): NodeRecord => {
    const definition = registry.nodes.get(record.type);
    const version = definition?.version ?? endByType.get(record.type)?.version;
    if (version === undefined || record.version >= version) return record;
    try {
      const params = definition?.migrate?.({ ...record.params }, record.version) ?? record.params;
      migrated.push(id);
      return { ...record, version, params: params as NodeRecord["params"] };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `Node "${id}" (${definition?.title ?? record.type}): its parameters of version ${record.version} could not be upgraded: ${reason}`;
      faults.push({ code: "outdated-node", node: id, message });
      return record;
    }
  };
  const nodes = upgrade(document.nodes, "");
  const subgraphs = Object.entries(document.subgraphs ?? {}).map(([id, subgraph]) => {
    return [id, { ...subgraph, nodes: upgrade(subgraph.nodes, `${id}/`) }] as const;
  });
  const inner = subgraphs.length === 0 ? {} : { subgraphs: Object.fromEntries(subgraphs) };
  return {
    document: migrated.length === 0 ? document : { ...document, nodes, ...inner },
    migrated,
    faults,
  };
}
