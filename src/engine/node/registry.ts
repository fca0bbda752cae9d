import type { NodeDefinition, Port, Ports } from "./define-node.ts";
import type { ZoneDefinition } from "./define-zone.ts";
import type {
  NodeDescription,
  PortDescription,
  RegistryDescription,
  ZoneDescription,
} from "./description.ts";
import { checkParam } from "./param-check.ts";
import { socketIdOfParam } from "./params.ts";
import { anyType, booleanType, floatType, intType, textType, type SocketType } from "./socket-type.ts";

/** A safe change of type that a wire makes by itself. */
export interface Conversion {
  readonly from: SocketType;
  readonly to: SocketType;
  convert(value: unknown): unknown;
}

/** Declares a conversion. It must lose nothing: what could surprise belongs into a node. */
export function conversion<A, B>(
  from: SocketType<A>,
  to: SocketType<B>,
  convert: (value: A) => B,
): Conversion {
  return { from, to, convert: (value) => convert(value as A) };
}

/** All that a graph may be made of. */
export interface Registry {
  /** By type. */
  readonly nodes: ReadonlyMap<string, NodeDefinition>;
  /** By kind. */
  readonly zones: ReadonlyMap<string, ZoneDefinition>;
  /** By id. */
  readonly types: ReadonlyMap<string, SocketType>;
  readonly conversions: readonly Conversion[];
}

export interface RegistryParts {
  readonly nodes: Iterable<NodeDefinition>;
  readonly zones?: Iterable<ZoneDefinition>;
  /** Types beyond those that ports name: the wider types of `extends`. */
  readonly types?: Iterable<SocketType>;
  /** Beyond int → float, which is built in. */
  readonly conversions?: Iterable<Conversion>;
}

const builtInTypes: readonly SocketType[] = [anyType, intType, floatType, booleanType, textType];

/**
 * Collects definitions.
 *
 * @throws if two definitions share a name, a type is not known, a default does not fit its own parameter, a node has
 *   not exactly one of `run` and `runAsync`, or a lazy input stands where it cannot be served.
 */
export function createRegistry(parts: RegistryParts): Registry {
  const nodes = new Map<string, NodeDefinition>();
  const zones = new Map<string, ZoneDefinition>();
  const types = new Map<string, SocketType>();
  const names = new Set<string>();

  const addType = (type: SocketType): void => {
    const known = types.get(type.id);
    if (known !== undefined && known !== type) throw new Error(`Two socket types have the id "${type.id}".`);
    types.set(type.id, type);
  };
  const claim = (type: string): void => {
    if (names.has(type)) throw new Error(`Two nodes have the type "${type}".`);
    names.add(type);
  };
  const addPorts = (owner: string, inputs: Ports, outputs: Ports): void => {
    for (const port of [...Object.values(inputs), ...Object.values(outputs)]) addType(port.type);
    for (const [name, port] of Object.entries(outputs)) {
      for (const [, like = ""] of (port.shape ?? "").matchAll(/(?:like|with) (\w+)/g)) {
        if (!Object.hasOwn(inputs, like))
          throw new Error(`Node type "${owner}": output "${name}" is like "${like}", which is no input.`);
      }
      if (port.typeFrom !== undefined && !Object.hasOwn(inputs, port.typeFrom)) {
        throw new Error(
          `Node type "${owner}": output "${name}" takes its type from "${port.typeFrom}", which is no input.`,
        );
      }
    }
  };
  const checkDefaults = (owner: string, params: NodeDefinition["params"]): void => {
    for (const [name, spec] of Object.entries(params)) {
      const reason = checkParam(spec, spec.default);
      if (reason !== undefined) throw new Error(`Node type "${owner}": the default of "${name}" ${reason}.`);
    }
  };

  for (const type of [...builtInTypes, ...(parts.types ?? [])]) addType(type);
  for (const node of parts.nodes) {
    claim(node.type);
    if ((node.run === undefined) === (node.runAsync === undefined)) {
      throw new Error(`Node type "${node.type}" must have either run or runAsync.`);
    }
    if (node.run === undefined && Object.values(node.inputs).some(({ lazy }) => lazy === true)) {
      throw new Error(`Node type "${node.type}" has a lazy input, so it must have run, not runAsync.`);
    }
    addPorts(node.type, node.inputs, node.outputs);
    checkDefaults(node.type, node.params);
    nodes.set(node.type, node);
  }
  for (const zone of parts.zones ?? []) {
    if (zones.has(zone.kind)) throw new Error(`Two zones have the kind "${zone.kind}".`);
    if (
      [...Object.values(zone.begin.inputs), ...Object.values(zone.end.inputs)].some(
        ({ lazy }) => lazy === true,
      )
    ) {
      throw new Error(`Zone kind "${zone.kind}" has a lazy input; only nodes may have one.`);
    }
    claim(zone.begin.type);
    claim(zone.end.type);
    addPorts(zone.begin.type, zone.begin.inputs, zone.begin.outputs);
    addPorts(zone.end.type, zone.end.inputs, zone.end.outputs);
    checkDefaults(zone.begin.type, zone.begin.params);
    zones.set(zone.kind, zone);
  }
  const conversions = [conversion(intType, floatType, (value) => value), ...(parts.conversions ?? [])];
  for (const { from, to } of conversions) {
    addType(from);
    addType(to);
  }
  for (const type of types.values()) {
    if (type.extends !== undefined && !types.has(type.extends)) {
      throw new Error(`Socket type "${type.id}" extends "${type.extends}", which is not known.`);
    }
  }
  return { nodes, zones, types, conversions };
}

function describePort(port: Port): PortDescription {
  return {
    type: port.type.id,
    doc: port.doc,
    ...(port.optional === true ? { optional: true as const } : {}),
    ...(port.lazy === true ? { lazy: true as const } : {}),
    ...(port.typeFrom !== undefined ? { typeFrom: port.typeFrom } : {}),
    ...(port.shape !== undefined ? { shape: port.shape } : {}),
  };
}

const describePorts = (ports: Ports): Record<string, PortDescription> =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, describePort(port)]));

/** The registry as plain data that `JSON.stringify` keeps whole. */
export function describeRegistry(registry: Registry): RegistryDescription {
  const nodes: Record<string, NodeDescription> = {};
  for (const node of registry.nodes.values()) {
    nodes[node.type] = {
      type: node.type,
      version: node.version,
      title: node.title,
      doc: node.doc,
      keywords: node.keywords,
      inputs: describePorts(node.inputs),
      params: node.params,
      outputs: describePorts(node.outputs),
      cacheable: node.cacheable,
      async: node.runAsync !== undefined,
      preview: node.preview !== undefined,
      ...(node.loops === true && { loops: true }),
    };
  }
  const zones: Record<string, ZoneDescription> = {};
  for (const { kind, title, doc, begin, end } of registry.zones.values()) {
    zones[kind] = { kind, title, doc, begin: begin.type, end: end.type };
    for (const [side, part] of [["begin", begin] as const, ["end", end] as const]) {
      nodes[part.type] = {
        type: part.type,
        version: part.version,
        title: part.title,
        doc: part.doc,
        keywords: [],
        inputs: describePorts(part.inputs),
        params: "params" in part ? part.params : {},
        outputs: describePorts(part.outputs),
        cacheable: true,
        async: false,
        preview: false,
        zone: { kind, end: side },
      };
    }
  }
  return {
    nodes,
    zones,
    types: Object.fromEntries(
      [...registry.types.values()].map(({ id, label, shape, extends: wider }) => [
        id,
        {
          id,
          label,
          ...(shape !== undefined ? { shape } : {}),
          ...(wider !== undefined ? { extends: wider } : {}),
        },
      ]),
    ),
    conversions: registry.conversions.map(({ from, to }) => ({ from: from.id, to: to.id })),
  };
}

/** The inputs and parameters of a node as one list of ports, in the order in which an editor shows them. */
export function inputPortsOf(node: NodeDescription): Record<string, PortDescription> {
  const fromParams = Object.entries(node.params).map(
    ([name, spec]) =>
      [name, { type: socketIdOfParam(spec), doc: spec.doc, optional: true as const }] as const,
  );
  return { ...node.inputs, ...Object.fromEntries(fromParams) };
}
