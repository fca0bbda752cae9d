import { parseDocument } from "../../engine/graph/parse.ts";
import { sketchOf } from "../library/sketch.ts";
import type { Sketch } from "../library/sketch.ts";
import { referencesOf } from "../share/references.ts";

/** The graphs that come with the project, each loaded when it is asked for. */
const files = import.meta.glob<string>("../../../graphs/*.graph.json", { query: "?raw", import: "default" });
/** Pictures that real runs of them made (scripts/template-pictures.ts), by address. */
const pictures = import.meta.glob<string>("../../../graphs/pictures/*.png", {
  query: "?url",
  import: "default",
  eager: true,
});

export interface Template {
  /** The file's name without its ending, for example `sample-digits`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** What one learns from it, in one line. */
  readonly lesson: string;
  /** Address of its picture, where its models come with the project. */
  readonly picture: string | undefined;
  readonly sketch: Sketch;
  readonly nodes: number;
  readonly text: string;
  /** Whether a run loads a model or data from elsewhere. */
  readonly loads: boolean;
}

/** What a fresh page opens. */
const FIRST_TEMPLATE = "emoji-txt2img";

const idOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1).replace(/\.graph\.json$/, "");

/** @throws if there is no template of that id */
export async function loadTemplate(id: string): Promise<Template> {
  const entry = Object.entries(files).find(([path]) => idOf(path) === id);
  if (!entry) throw new Error(`There is no template "${id}".`);
  const text = await entry[1]();
  const parsed = parseDocument(text);
  if (!parsed.ok) throw new Error(`The template "${id}" is damaged: ${parsed.faults[0]?.message ?? ""}`);
  const { document } = parsed;
  const { name = id, description = "", lesson } = document;
  const { remote, files: chosen } = referencesOf(document);
  return {
    id,
    name,
    description,
    lesson: lesson ?? description.split(/(?<=[.!?])\s/)[0] ?? "",
    picture: pictures[`../../../graphs/pictures/${id}.png`],
    sketch: sketchOf(document),
    nodes: Object.keys(document.nodes).length,
    text,
    loads: remote.length > 0 || chosen.length > 0,
  };
}

/**
 * What a page opens that has no graph of the person's: the template that its address asks for (`?template=emoji-txt2img`), if there
 * is one, else the first.
 */
export async function firstTemplate(search: string): Promise<Template> {
  const wanted = new URLSearchParams(search).get("template");
  const isThere = wanted !== null && Object.keys(files).some((path) => idOf(path) === wanted);
  return loadTemplate(isThere ? wanted : FIRST_TEMPLATE);
}

export async function loadTemplates(): Promise<Template[]> {
  const templates = await Promise.all(Object.keys(files).map((path) => loadTemplate(idOf(path))));
  const rank = (template: Template): string => `${template.id === FIRST_TEMPLATE ? 0 : 1}${template.name}`;
  return templates.sort((a, b) => rank(a).localeCompare(rank(b)));
}
