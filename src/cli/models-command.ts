import { fetchDownload, measureDownloads } from "../nodes/downloads/downloads.ts";
import type { RemoteNeed } from "../nodes/downloads/needs.ts";
import { canonicalReference } from "../nodes/sources/remote/remote-folder.ts";
import { bytesText } from "../nodes/sources/remote/transfer-note.ts";
import { nodeRemoteOptions } from "../nodes/sources/node-sources.ts";
import { parseSourceRef } from "../nodes/sources/source-ref.ts";
import {
  checkModel,
  findModel,
  listModels,
  removeModel,
  setPinned,
  type StoredModel,
} from "../nodes/sources/store/models.ts";
import { UsageError, type ModelsCommand } from "./args.ts";
import { ProgressBar } from "./progress-bar.ts";

/** Lists, fetches, checks and removes stored models. @returns The exit code. */
export async function runModels(command: ModelsCommand): Promise<number> {
  const controller = new AbortController();
  const interrupt = (): void => {
    controller.abort();
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const bar = new ProgressBar(process.stderr);
  try {
    switch (command.action) {
      case "list":
        return await list(command.json);
      case "fetch":
        for (const source of command.sources) await fetchModel(source, command.pin, bar, controller.signal);
        return 0;
      case "check":
        return await check(command.sources, bar, controller.signal);
      case "remove":
        for (const source of command.sources) await remove(source, command.pin);
        return 0;
    }
  } catch (error) {
    bar.clear();
    if (error instanceof UsageError) throw error;
    if (controller.signal.aborted) {
      console.error("interrupted: what has arrived is kept, and fetching again goes on from there");
      return 130;
    }
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

async function list(json: boolean): Promise<number> {
  const { files } = nodeRemoteOptions();
  const models = files ? await listModels(files) : [];
  if (json) {
    console.log(JSON.stringify(models, undefined, 2));
    return 0;
  }
  if (models.length === 0) console.log(`No models are stored in ${files?.place ?? "this place"}.`);
  for (const model of models) console.log(line(model));
  const sum = models.reduce((bytes, model) => bytes + model.bytes, 0);
  const room = await files?.room();
  if (models.length > 0)
    console.log(
      `${bytesText(sum)} in ${files?.place ?? ""}${room ? `, ${bytesText(room.free)} free on its disk` : ""}`,
    );
  return 0;
}

function line({ reference, bytes, files, partial, pinned, lastUsed }: StoredModel): string {
  const marks = [
    ...(pinned ? ["pinned"] : []),
    ...(partial ? ["in part: fetch it again to go on"] : []),
    `used ${new Date(lastUsed).toISOString().slice(0, 10)}`,
  ];
  const count = `${String(files.length)} file${files.length === 1 ? "" : "s"}`;
  return `${reference}  ${bytesText(bytes)}, ${count}, ${marks.join(", ")}`;
}

async function fetchModel(
  source: string,
  pin: boolean,
  bar: ProgressBar,
  signal: AbortSignal,
): Promise<void> {
  const options = nodeRemoteOptions();
  const { reference, name } = remoteOf(source);
  // Read as a pipeline, or as the one model that a repository holds.
  const need: RemoteNeed = { reference, name, readers: [{ node: "", type: "", param: "", params: {} }] };
  const [download] = await measureDownloads([need], options, signal);
  if (!download) return;
  if (reference.kind === "hf" && (download.files ?? []).length === 0) {
    throw new Error(
      `"${source}" lists no model in the diffusers layout with safetensors weights. Name one file of it with its https:// address.`,
    );
  }
  await fetchDownload(need, download, options, {
    signal,
    progress: (done, total, note) => {
      bar.transfer(name, done, total, note);
    },
  });
  bar.clear();
  if (options.files && pin) await setPinned(options.files, name, true);
  const model = options.files && (await findModel(options.files, name));
  if (model) console.error(line(model));
}

async function check(sources: readonly string[], bar: ProgressBar, signal: AbortSignal): Promise<number> {
  const { files } = nodeRemoteOptions();
  if (!files) return 0;
  const names =
    sources.length > 0
      ? await Promise.all(sources.map((source) => storedName(source)))
      : (await listModels(files)).map(({ reference }) => reference);
  let faults = 0;
  for (const name of names) {
    const found = await checkModel(files, name, {
      signal,
      progress: (done, total, path) => {
        bar.transfer(name, done, total, `checking ${path}`);
      },
    });
    bar.clear();
    faults += found.length;
    console.log(`${name}: ${found.length === 0 ? "whole" : `${String(found.length)} faults`}`);
    for (const { path, fault } of found) console.log(`  ${path} ${fault}`);
  }
  if (faults > 0) console.error("Fetch the model again: only what is wrong or missing is fetched.");
  return faults > 0 ? 1 : 0;
}

async function remove(source: string, evenPinned: boolean): Promise<void> {
  const { files } = nodeRemoteOptions();
  if (!files) return;
  const name = await storedName(source);
  const freed = await removeModel(files, name, { evenPinned });
  console.error(`removed ${name}: ${bytesText(freed)} are free again`);
}

/** @throws Error that lists what is stored, if this is not. */
async function storedName(source: string): Promise<string> {
  const { files } = nodeRemoteOptions();
  const { name } = remoteOf(source);
  if (files && (await findModel(files, name))) return name;
  const stored = files ? (await listModels(files)).map(({ reference }) => reference) : [];
  throw new Error(
    `"${name}" is not stored. ${stored.length === 0 ? "Nothing is." : `These are: ${stored.join(", ")}.`}`,
  );
}

function remoteOf(source: string): Pick<RemoteNeed, "reference" | "name"> {
  try {
    const reference = parseSourceRef(source);
    if (reference.kind === "hf" || reference.kind === "https")
      return { reference, name: canonicalReference(reference) };
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  throw new UsageError(`"${source}" is on this computer already: only hf: and https: sources are stored.`);
}
