import { ClassicPreset } from "rete";
import type { NodeRecord } from "../../engine/graph/document.ts";
import { portOfParam } from "../graph/catalog.ts";
import type { PortInfo } from "../graph/catalog.ts";
import type { NodeShape } from "../graph/ports.ts";

/** A socket of Rete that knows its type id. */
export class TypedSocket extends ClassicPreset.Socket {
  readonly port: PortInfo;

  constructor(port: PortInfo) {
    super(port.type);
    this.port = port;
  }
}

/** A node of the live graph, built from its description. Its id is the node's id in the document. */
export class TypedNode extends ClassicPreset.Node {
  record: NodeRecord;
  shape: NodeShape;

  constructor(id: string, record: NodeRecord, shape: NodeShape) {
    super(shape.title);
    this.id = id;
    this.record = record;
    this.shape = shape;
    this.#setPorts(shape);
  }

  /** Takes over a new record and shape; ports that stay keep their identity. */
  update(record: NodeRecord, shape: NodeShape): void {
    this.record = record;
    this.shape = shape;
    this.label = shape.title;
    this.#setPorts(shape);
  }

  #setPorts(shape: NodeShape): void {
    const inputs = new Map(
      [...shape.inputs, ...shape.params.map(portOfParam)].map((port) => [port.name, port]),
    );
    const outputs = new Map(shape.outputs.map((port) => [port.name, port]));
    for (const key of Object.keys(this.inputs))
      if (stale(this.inputs[key], inputs.get(key))) this.removeInput(key);
    for (const key of Object.keys(this.outputs))
      if (stale(this.outputs[key], outputs.get(key))) this.removeOutput(key);
    for (const [name, port] of inputs) {
      if (!this.hasInput(name))
        this.addInput(name, new ClassicPreset.Input(new TypedSocket(port), name, false));
    }
    for (const [name, port] of outputs) {
      if (!this.hasOutput(name))
        this.addOutput(name, new ClassicPreset.Output(new TypedSocket(port), name, true));
    }
  }
}

const stale = (
  port: ClassicPreset.Port<ClassicPreset.Socket> | undefined,
  wanted: PortInfo | undefined,
): boolean => port?.socket.name !== wanted?.type;

/** A wire of the live graph. */
export interface TypedConnection {
  id: string;
  source: string;
  sourceOutput: string;
  target: string;
  targetInput: string;
}

export interface TypedSchemes {
  Node: TypedNode;
  Connection: TypedConnection;
}
