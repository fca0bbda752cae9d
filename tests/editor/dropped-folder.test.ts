import { expect, test } from "vitest";
import { droppedFolder } from "../../src/editor/files/dropped-folder.ts";

const fileEntry = (name: string) => ({
  name,
  isDirectory: false,
  file: (resolve: (file: File) => void) => {
    resolve(new File([name], name));
  },
});

/** A folder of the browser's: its reader gives at most two entries at a time, and then none. */
const folderEntry = (name: string, entries: readonly object[]): object => ({
  name,
  isDirectory: true,
  createReader: () => {
    const rest = [...entries];
    return { readEntries: (resolve: (found: object[]) => void) => resolve(rest.splice(0, 2)) };
  },
});

const dropOf = (entry: object | null): DragEvent =>
  ({ dataTransfer: { items: [{ webkitGetAsEntry: () => entry }] } }) as unknown as DragEvent;

test("a dropped folder gives all its files, with paths that begin with its name", async () => {
  const folder = folderEntry("sd", [
    folderEntry("unet", [fileEntry("config.json"), fileEntry("a.safetensors"), fileEntry("b.safetensors")]),
    fileEntry("model_index.json"),
    folderEntry("empty", []),
  ]);
  const files = (await droppedFolder(dropOf(folder))) ?? [];
  expect(files.map(({ path }) => path).sort()).toEqual([
    "sd/model_index.json",
    "sd/unet/a.safetensors",
    "sd/unet/b.safetensors",
    "sd/unet/config.json",
  ]);
  expect(await files.find(({ path }) => path === "sd/model_index.json")?.file.text()).toBe(
    "model_index.json",
  );
});

test("a dropped file, and what is no file at all, is no folder", () => {
  expect(droppedFolder(dropOf(fileEntry("cat.png")))).toBeUndefined();
  expect(droppedFolder(dropOf(null))).toBeUndefined();
});
