import { blobSource } from "../../diffusion/weights/byte-source.ts";
import {
  parseSourceRef,
  remoteBase,
  remoteFolder,
  type FileSink,
  type Services,
  type SourceFolder,
} from "./sources.ts";

/** Files a person chose or dropped, by the path that `file:<path>` names. */
export type LocalFiles = ReadonlyMap<string, File>;

export interface WebOptions {
  /** Base URL of the page, which serves `models/` and `data/`. */
  readonly baseUrl: string;
  readonly files: FileSink;
  readonly local?: LocalFiles;
}

/** Sources in the page: what ships beside it, the Hub, `https://`, and files that the person chose. */
export function webServices({ baseUrl, files, local = new Map<string, File>() }: WebOptions): Services {
  return { sources: { folder: (label) => webFolder(label, baseUrl, local) }, files };
}

function webFolder(label: string, baseUrl: string, local: LocalFiles): SourceFolder {
  const reference = parseSourceRef(label);
  switch (reference.kind) {
    case "bundled": {
      const path = reference.name === "mnist" ? "data/mnist" : `models/${reference.name}`;
      const folder = remoteFolder(label, new URL(path, baseUrl).href);
      return { ...folder, list: () => listedFiles(folder) };
    }
    case "hf":
    case "https":
      return remoteFolder(label, remoteBase(reference));
    case "file":
      return chosenFolder(label, reference.path, local);
  }
}

/**
 * What a folder that ships says it holds: a server of plain files cannot list it. Folders of pictures have a `files.json`.
 *
 * @returns undefined if it has none.
 */
async function listedFiles(folder: SourceFolder): Promise<readonly string[] | undefined> {
  const list = await folder.open("files.json");
  if (!list) return undefined;
  return JSON.parse(new TextDecoder().decode(await list.read(0, list.size))) as string[];
}

function chosenFolder(label: string, path: string, local: LocalFiles): SourceFolder {
  const inFolder = [...local.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  if (inFolder.length === 0) {
    throw new Error(
      `"${label}" is a path on a disk, which a page cannot open by itself. Drop the file or folder onto the page.`,
    );
  }
  const names = inFolder.map((name) => (name === path ? name : name.slice(path.length + 1)));
  const fileAt = (name: string): File | undefined => local.get(path) ?? local.get(`${path}/${name}`);
  return {
    label,
    list: () => Promise.resolve(names),
    open: (name) => {
      const file = fileAt(name);
      if (!file) return Promise.resolve(undefined);
      return Promise.resolve(blobSource(name || label, file));
    },
    identity: () =>
      Promise.resolve(
        inFolder
          .map((name) => `${name}:${String(local.get(name)?.size)}:${String(local.get(name)?.lastModified)}`)
          .join("|"),
      ),
  };
}
