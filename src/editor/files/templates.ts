/** The graphs that come with the project, each loaded when it is asked for. */
const files = import.meta.glob<string>("../../../graphs/*.graph.json", { query: "?raw", import: "default" });

export interface Template {
  /** The file's name without its ending, for example `sample-digits`. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly text: string;
  /** Whether a run loads a model or data from elsewhere. */
  readonly loads: boolean;
}

/** What a fresh page opens. */
export const FIRST_TEMPLATE = "sample-digits";

const idOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1).replace(/\.graph\.json$/, "");

/** @throws if there is no template of that id */
export async function loadTemplate(id: string): Promise<Template> {
  const entry = Object.entries(files).find(([path]) => idOf(path) === id);
  if (!entry) throw new Error(`There is no template "${id}".`);
  const text = await entry[1]();
  const data = JSON.parse(text) as { name?: string; description?: string };
  return {
    id,
    name: data.name ?? id,
    description: data.description ?? "",
    text,
    loads: /"(hf:|https:)/.test(text),
  };
}

export async function loadTemplates(): Promise<Template[]> {
  const templates = await Promise.all(Object.keys(files).map((path) => loadTemplate(idOf(path))));
  const rank = (template: Template): string => `${template.id === FIRST_TEMPLATE ? 0 : 1}${template.name}`;
  return templates.sort((a, b) => rank(a).localeCompare(rank(b)));
}
