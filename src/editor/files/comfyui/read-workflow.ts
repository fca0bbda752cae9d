/** A node of ComfyUI, with its values and wires by name. */
export interface ComfyNode {
  readonly id: string;
  readonly kind: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Values in a saved workflow stand by position only. */
const WIDGETS: Readonly<Record<string, readonly string[]>> = {
  CheckpointLoaderSimple: ["ckpt_name"],
  CLIPSetLastLayer: ["stop_at_clip_layer"],
  CLIPTextEncode: ["text"],
  EmptyLatentImage: ["width", "height", "batch_size"],
  KSampler: ["seed", "control_after_generate", "steps", "cfg", "sampler_name", "scheduler", "denoise"],
  LoadImage: ["image"],
  LoraLoader: ["lora_name", "strength_model", "strength_clip"],
  SaveImage: ["filename_prefix"],
};
/** Nodes that do nothing in a run. */
const REMARKS = new Set(["Note", "MarkdownNote"]);

/** ComfyUI's form for running: `{"3": {"class_type": "KSampler", "inputs": {…}}}`. */
export const isPrompt = (json: unknown): json is Json =>
  isRecord(json) &&
  Object.values(json).length > 0 &&
  Object.values(json).every((node) => isRecord(node) && typeof node["class_type"] === "string");

/** What its editor saves: nodes in a list, with wires by number. */
export const isWorkflow = (json: unknown): json is Json =>
  isRecord(json) &&
  Array.isArray(json["nodes"]) &&
  Array.isArray(json["links"]) &&
  json["format"] === undefined &&
  json["nodes"].every((node) => isRecord(node) && typeof node["type"] === "string");

export function readPrompt(json: Json): ComfyNode[] {
  return Object.entries(json).map(([id, node]) => {
    const { class_type: kind, inputs } = node as Json;
    return { id, kind: String(kind), inputs: isRecord(inputs) ? inputs : {} };
  });
}

/** @throws Error in words if a part is muted or lies in a subgraph, which cannot be followed here */
export function readWorkflow(json: Json): ComfyNode[] {
  const nodes = (json["nodes"] as Json[]).filter((node) => !REMARKS.has(String(node["type"])));
  const off = nodes.find((node) => node["mode"] === 2 || node["mode"] === 4);
  if (off) throw new Error(`its node ${String(off["type"])} is muted or bypassed.`);
  const links = new Map((json["links"] as unknown[]).map((link) => linkOf(link)));
  return nodes.map((node) => {
    const inputs: Record<string, unknown> = {};
    const widgets = Array.isArray(node["widgets_values"]) ? node["widgets_values"] : [];
    for (const [index, name] of (WIDGETS[String(node["type"])] ?? []).entries())
      inputs[name] = widgets[index];
    for (const port of Array.isArray(node["inputs"]) ? (node["inputs"] as unknown[]) : []) {
      const source = isRecord(port) ? links.get(Number(port["link"] ?? NaN)) : undefined;
      if (isRecord(port) && source) inputs[String(port["name"])] = source;
    }
    return { id: String(node["id"]), kind: String(node["type"]), inputs };
  });
}

/** `[id, from node, from slot, to node, to slot, type]`, or the same by name. */
function linkOf(link: unknown): [number, readonly [string, number]] {
  if (Array.isArray(link)) return [Number(link[0]), [String(link[1]), Number(link[2])]];
  const { id, origin_id: node, origin_slot: slot } = isRecord(link) ? link : {};
  return [Number(id), [String(node), Number(slot)]];
}
