import { parseArgs } from "node:util";
import { saveFormat } from "../nodes/io/save-formats.ts";

export const USAGE = `loom: runs diffusion graphs without a page

  loom run <graph.json> [options]     run a graph
  loom validate <graph.json>          list every fault of a graph
  loom plan <graph.json> [options]    say what a run will need of memory (--set --backend --memory-budget --json)
  loom nodes [--json]                 list the nodes, their ports and parameters
  loom models [list] [--json]         list the models that are stored, with their sizes
  loom models fetch <source>          fetch a model, from where an earlier try ended; --pin keeps it
  loom models check [<source>]        compare what is stored with its length and SHA-256
  loom models remove <source>         remove a model; a pinned one with --pin only

options of run
  --set node.param=value    set a parameter, in a subgraph group.node.param (several allowed)
  --save node.port=file     save an output: .png .npy .safetensors .json, or folder/ for a network (several allowed)
  --stats node.port         print statistics of an output: shape, range, mean, NaN count, histogram (several allowed)
  --only node               run this node and what it needs (several allowed)
  --backend name            auto (default), webgpu, wasm or cpu
  --memory-budget size      4GB, 800MB: models are unloaded and loaded again to stay within it
  --json                    print events as lines of JSON in place of a progress bar

models are kept in LATENT_LOOM_CACHE, else in the user's cache folder; HF_TOKEN opens gated ones, HF_ENDPOINT names a mirror

exit code: 0 done, 1 the run failed, 2 wrong usage or invalid graph, 130 interrupted`;

/** Wrong usage: the message is for a person, and the exit code is 2. */
export class UsageError extends Error {}

export const BACKENDS = ["auto", "webgpu", "wasm", "cpu"] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface RunCommand {
  readonly command: "run";
  readonly graph: string;
  /** `node.param` → what the person wrote; the parameter's kind says how to read it. */
  readonly set: Readonly<Record<string, string>>;
  readonly save: readonly { readonly port: string; readonly path: string }[];
  /** `node.port` of outputs whose statistics are printed. */
  readonly stats: readonly string[];
  readonly only: readonly string[];
  readonly backend: BackendName;
  /** In bytes. */
  readonly memoryBudget: number | undefined;
  readonly json: boolean;
}

export type Command =
  | RunCommand
  | (Omit<RunCommand, "command"> & { readonly command: "plan" })
  | { readonly command: "validate"; readonly graph: string }
  | { readonly command: "nodes"; readonly json: boolean }
  | ModelsCommand
  | { readonly command: "help" };

export interface ModelsCommand {
  readonly command: "models";
  readonly action: "list" | "fetch" | "check" | "remove";
  readonly sources: readonly string[];
  readonly pin: boolean;
  readonly json: boolean;
}

const MODELS_ACTIONS = ["list", "fetch", "check", "remove"] as const;

/** @throws UsageError that says what is wrong. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [command, graph, ...rest] = positionals;
  if (values.help || command === undefined || command === "help") return { command: "help" };
  if (command === "models") return parseModels(positionals.slice(1), values);
  if (rest.length > 0) throw new UsageError(`"${rest.join(" ")}" is one word too many.`);
  switch (command) {
    case "nodes":
      return { command, json: values.json };
    case "validate":
      return { command, graph: required(graph, command) };
    case "plan":
    case "run": {
      const backend = BACKENDS.find((name) => name === values.backend);
      if (!backend)
        throw new UsageError(`--backend is "${values.backend}"; it must be one of ${BACKENDS.join(", ")}.`);
      return {
        command,
        graph: required(graph, command),
        set: Object.fromEntries(values.set.map((text) => split(text, "--set", "node.param=value"))),
        save: values.save
          .map((text) => split(text, "--save", "node.port=file"))
          .map(([port, path]) => ({ port, path: checkSavePath(path) })),
        stats: values.stats.map(checkAddress),
        only: values.only,
        backend,
        memoryBudget: values["memory-budget"] === undefined ? undefined : parseBytes(values["memory-budget"]),
        json: values.json,
      };
    }
    default:
      throw new UsageError(`"${command}" is no command; these are: run, validate, plan, nodes, models.`);
  }
}

function parseModels(
  [action = "list", ...sources]: readonly string[],
  { pin, json }: { readonly pin: boolean; readonly json: boolean },
): ModelsCommand {
  const known = MODELS_ACTIONS.find((name) => name === action);
  if (!known)
    throw new UsageError(`loom models knows no "${action}"; it knows ${MODELS_ACTIONS.join(", ")}.`);
  if (sources.length === 0 && (known === "fetch" || known === "remove"))
    throw new UsageError(`loom models ${known} wants a source, for example hf:org/name.`);
  if (sources.length > 0 && known === "list")
    throw new UsageError(`"${sources.join(" ")}" is one word too many.`);
  return { command: "models", action: known, sources, pin, json };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        set: { type: "string", multiple: true, default: [] },
        save: { type: "string", multiple: true, default: [] },
        stats: { type: "string", multiple: true, default: [] },
        only: { type: "string", multiple: true, default: [] },
        backend: { type: "string", default: "auto" },
        "memory-budget": { type: "string" },
        json: { type: "boolean", default: false },
        pin: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function checkAddress(text: string): string {
  if (!/^[^.=]+\.[^.=]+$/.test(text)) throw new UsageError(`--stats "${text}" is not of the form node.port.`);
  return text;
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** `4GB`, `800 MB`, `1.5GiB` or plain bytes. @throws UsageError */
export function parseBytes(text: string): number {
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([kmg]i?)?b?\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (number === "" || !(bytes > 0))
    throw new UsageError(`--memory-budget "${text}" is no size; write 4GB or 800MB.`);
  return Math.round(bytes);
}

/** Said before the run: after an hour of training it would be too late. */
function checkSavePath(path: string): string {
  try {
    saveFormat(path);
  } catch (cause) {
    throw new UsageError(`--save ${(cause as Error).message}`, { cause });
  }
  return path;
}

function required(graph: string | undefined, command: string): string {
  if (graph === undefined) throw new UsageError(`loom ${command} wants the path of a graph file.`);
  return graph;
}

function split(text: string, option: string, form: string): readonly [key: string, value: string] {
  const match = /^([^.=]+(?:\.[^.=]+)+)=(.*)$/s.exec(text);
  if (!match?.[1] || match[2] === undefined)
    throw new UsageError(`${option} "${text}" is not of the form ${form}.`);
  return [match[1], match[2]];
}
