/** The engine's public names. It knows graphs, nodes and zones, but no model and no numerics. */
export * from "./node/socket-type.ts";
export * from "./node/params.ts";
export * from "./node/define-node.ts";
export * from "./node/define-zone.ts";
export { PartialOutputsError } from "./node/partial-outputs.ts";
export * from "./node/description.ts";
export * from "./node/registry.ts";
export { checkParam } from "./node/param-check.ts";
export type * from "./graph/document.ts";
export type * from "./graph/fault.ts";
export { canConnect, type Connection } from "./graph/can-connect.ts";
export { resolveTypes, nameType, type ResolvedTypes } from "./graph/types.ts";
export {
  structureOf,
  splitRef,
  type GraphEdge,
  type GraphNode,
  type GraphStructure,
  type GraphZone,
} from "./graph/structure.ts";
export { inferShapes, showShape, type Axis, type Shape } from "./graph/shapes.ts";
export { validate } from "./graph/validate.ts";
export { expand, resolveOutput, splitAddress, type Expanded } from "./graph/expand.ts";
export { specialise } from "./graph/specialise.ts";
export {
  BOUNDARY,
  boundaryNode,
  describeInside,
  describeSubgraphs,
  isBoundary,
  subgraphOf,
  subgraphType,
} from "./graph/subgraphs.ts";
export { plan, type PlanOptions } from "./run/plan.ts";
export type * from "./run/plan-data.ts";
export { createCache, RunCache } from "./run/cache.ts";
export { EngineError, InvalidGraphError, RunCancelledError, type PartialResult } from "./run/errors.ts";
export type * from "./run/events.ts";
export { plainHost, type Host } from "./run/host.ts";
export { collect, execute, type ExecuteOptions, type RunResult } from "./run/execute.ts";
export { createRecorder, Recorder, type RecordedIteration, type RecordedZone } from "./run/recorder.ts";
export type { MadeOutput, RunObserver } from "./run/observer.ts";
export { RunGate, type GateState } from "./run/gate.ts";
export type { Gate, GatePoint } from "./run/pass-gate.ts";
export type { ResumePoint } from "./run/run-zone.ts";
export {
  DocumentError,
  parseDocument,
  readDocument,
  type DocumentFault,
  type ParsedDocument,
} from "./graph/parse.ts";
export { serializeDocument } from "./graph/serialize.ts";
export { migrateNodes, type MigratedNodes } from "./graph/migrate-nodes.ts";
export { CURRENT_FORMAT } from "./graph/migrations/index.ts";
