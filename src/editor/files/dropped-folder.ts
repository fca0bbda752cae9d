import type { LocalFile } from "../worker/engine-client.ts";

/**
 * The files of a folder that is dropped, with paths that begin with its name; undefined if what is dropped is no folder. To be
 * called while the event is handled: the browser forgets what was dropped right after.
 */
export function droppedFolder(event: DragEvent): Promise<LocalFile[]> | undefined {
  const entry = event.dataTransfer?.items[0]?.webkitGetAsEntry();
  return entry?.isDirectory ? filesIn(entry as FileSystemDirectoryEntry, entry.name) : undefined;
}

async function filesIn(folder: FileSystemDirectoryEntry, prefix: string): Promise<LocalFile[]> {
  const reader = folder.createReader();
  const files: LocalFile[] = [];
  for (;;) {
    // A reader gives a hundred at a time, and nothing at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (entries.length === 0) return files;
    for (const entry of entries) {
      const path = `${prefix}/${entry.name}`;
      if (entry.isDirectory) files.push(...(await filesIn(entry as FileSystemDirectoryEntry, path)));
      else files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
