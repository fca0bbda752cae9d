import type { GraphDocument } from "./document.ts";
import { findSyntaxFault } from "./json-syntax.ts";
import { upgradeFormat, type FormatMigration } from "./migrations/index.ts";

/** A fault in a file's form. `path` is like `nodes.step.params`, or `line 3, column 7` where the text is not JSON. */
export interface DocumentFault {
  readonly path: string;
  readonly message: string;
}

export type ParsedDocument =
  | { readonly ok: true; readonly document: GraphDocument; readonly upgradedFrom?: number }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** A graph file could not be read. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  readonly faults: readonly DocumentFault[];

  constructor(faults: readonly DocumentFault[]) {
    super(faults.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n"));
    this.faults = faults;
  }
}

export interface ParseOptions {
  /** In place of the known ones. */
  readonly migrations?: readonly FormatMigration[];
  readonly currentFormat?: number;
}

/**
 * Reads a graph file, as text or as the JSON value of one, brings it to the current format and checks its form: every fault
 * is listed with its path. What the nodes are is not looked at (see `validate`). Keys that are not known stay in the
 * document and are saved again. The input is not changed, and never throws.
 */
export function parseDocument(input: unknown, options: ParseOptions = {}): ParsedDocument {
  const read = typeof input === "string" ? readText(input) : { json: input };
  if ("faults" in read) return { ok: false, faults: read.faults };
  const unsavable: DocumentFault[] = [];
  findUnsavable(read.json, "", new Set(), unsavable);
  if (unsavable.length > 0) return { ok: false, faults: unsavable };
  const json =
    typeof input === "string" ? read.json : (JSON.parse(JSON.stringify(input) ?? "null") as unknown);
  if (!isRecord(json)) return refuse("", `A graph file holds one JSON object, but this is ${nameOf(json)}.`);
  let upgrade;
  try {
    upgrade = upgradeFormat(json, options.migrations, options.currentFormat);
  } catch (error) {
    return refuse("format", `the file could not be brought to the current format: ${String(error)}`);
  }
  if (!upgrade.ok) return refuse("format", upgrade.reason);
  const faults = new FormChecker().check(upgrade.json);
  if (faults.length > 0) return { ok: false, faults };
  const document = upgrade.json as unknown as GraphDocument;
  return {
    ok: true,
    document,
    ...(upgrade.upgradedFrom !== undefined ? { upgradedFrom: upgrade.upgradedFrom } : {}),
  };
}

/** Like {@link parseDocument}, for callers who cannot go on without. @throws {DocumentError} with every fault. */
export function readDocument(input: unknown, options: ParseOptions = {}): GraphDocument {
  const parsed = parseDocument(input, options);
  if (!parsed.ok) throw new DocumentError(parsed.faults);
  return parsed.document;
}

type Read = { readonly json: unknown } | { readonly faults: readonly DocumentFault[] };

const refuse = (path: string, message: string): { ok: false; faults: DocumentFault[] } => ({
  ok: false,
  faults: [{ path, message }],
});

function readText(text: string): Read {
  // A byte order mark is no JSON, but editors write it.
  const bare = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { json: JSON.parse(bare) as unknown };
  } catch (error) {
    const fault = findSyntaxFault(bare);
    if (fault === undefined) return refuse("", `The text is not JSON: ${String(error)}`);
    return refuse(`line ${fault.line}, column ${fault.column}`, `the text is not JSON: ${fault.reason}.`);
  }
}

/** What JSON would drop or change without a word. */
function findUnsavable(value: unknown, path: string, around: Set<unknown>, faults: DocumentFault[]): void {
  const say = (message: string): void => void faults.push({ path, message });
  if (typeof value === "number" && !Number.isFinite(value)) say(`${value} cannot stand in a graph file.`);
  else if (["function", "symbol", "bigint"].includes(typeof value))
    say(`a ${typeof value} cannot stand in a graph file.`);
  if (typeof value !== "object" || value === null) return;
  if (around.has(value)) return say("it contains itself.");
  if (around.size > 500) return say("it is nested too deeply.");
  around.add(value);
  for (const [key, part] of Object.entries(value))
    findUnsavable(part, path === "" ? key : `${path}.${key}`, around, faults);
  around.delete(value);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function nameOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `${typeof value === "string" ? "the text " : ""}${JSON.stringify(value)}`;
}

class FormChecker {
  readonly #faults: DocumentFault[] = [];

  check(json: Readonly<Record<string, unknown>>): DocumentFault[] {
    this.#optionalText(json, "", "name");
    this.#optionalText(json, "", "description");
    this.#optionalText(json, "", "lesson");
    this.#graph(json, "");
    this.#eachRecord(json["subgraphs"], "subgraphs", false, (subgraph, path) => {
      this.#optionalText(subgraph, path, "name");
      this.#optionalText(subgraph, path, "description");
      for (const side of ["inputs", "outputs"]) {
        this.#each(subgraph[side], `${path}.${side}`, (port, at) => {
          this.#text(port, at, "name");
          this.#text(port, at, "type");
          this.#optionalText(port, at, "doc");
        });
      }
      this.#graph(subgraph, `${path}.`);
    });
    return this.#faults;
  }

  /** What a graph and a subgraph have in common. */
  #graph(json: Readonly<Record<string, unknown>>, at: string): void {
    this.#eachRecord(json["nodes"], `${at}nodes`, true, (node, path) => {
      this.#text(node, path, "type");
      const { version } = node;
      if (!Number.isInteger(version) || (version as number) < 1)
        this.#wrong(`${path}.version`, "a whole number from 1", version);
      this.#optionalText(node, path, "zone");
      this.#optionalText(node, path, "title");
      const { mode } = node;
      if (mode !== undefined && mode !== "mute" && mode !== "bypass")
        this.#wrong(`${path}.mode`, '"mute" or "bypass"', mode);
      if (!isRecord(node["params"])) this.#wrong(`${path}.params`, "an object", node["params"]);
    });
    this.#each(json["edges"], `${at}edges`, (edge, path) => {
      this.#text(edge, path, "from");
      this.#text(edge, path, "to");
    });
    this.#eachRecord(json["zones"], `${at}zones`, false, (zone, path) => {
      this.#text(zone, path, "kind");
      this.#optionalText(zone, path, "parent");
      const { carry } = zone;
      if (!Array.isArray(carry)) return this.#wrong(`${path}.carry`, "a list of names", carry);
      for (const [index, name] of carry.entries()) {
        if (typeof name !== "string") this.#wrong(`${path}.carry[${index}]`, "a name", name);
      }
    });
    this.#layout(json["layout"], `${at}layout`);
    const { view } = json;
    if (view !== undefined && !isRecord(view)) this.#wrong(`${at}view`, "an object", view);
  }

  #wrong(path: string, expected: string, value: unknown): void {
    this.#faults.push({ path, message: `must be ${expected}, but is ${nameOf(value)}.` });
  }

  #text(record: Record<string, unknown>, path: string, key: string): void {
    const value = record[key];
    if (typeof value !== "string") this.#wrong(path === "" ? key : `${path}.${key}`, "a text", value);
  }

  #optionalText(record: Record<string, unknown>, path: string, key: string): void {
    if (record[key] !== undefined) this.#text(record, path, key);
  }

  #eachRecord(
    value: unknown,
    path: string,
    required: boolean,
    visit: (record: Record<string, unknown>, path: string) => void,
  ): void {
    if (value === undefined && !required) return;
    if (!isRecord(value)) return this.#wrong(path, "an object", value);
    for (const [id, record] of Object.entries(value)) {
      if (isRecord(record)) visit(record, `${path}.${id}`);
      else this.#wrong(`${path}.${id}`, "an object", record);
    }
  }

  #each(value: unknown, path: string, visit: (record: Record<string, unknown>, path: string) => void): void {
    if (!Array.isArray(value)) return this.#wrong(path, "a list", value);
    for (const [index, record] of value.entries()) {
      if (isRecord(record)) visit(record, `${path}[${index}]`);
      else this.#wrong(`${path}[${index}]`, "an object", record);
    }
  }

  #layout(value: unknown, path: string): void {
    if (value === undefined) return;
    if (!isRecord(value)) return this.#wrong(path, "an object", value);
    for (const [id, corner] of Object.entries(value)) {
      const fits =
        Array.isArray(corner) && corner.length === 2 && corner.every((part) => Number.isFinite(part));
      if (!fits) this.#wrong(`${path}.${id}`, "two numbers, [x, y]", corner);
    }
  }
}
