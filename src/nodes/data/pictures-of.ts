import type { PictureFile } from "../../diffusion/datasets/image-folder.ts";
import { openRequired, type SourceFolder } from "../sources/sources.ts";

/** The pictures of a folder; if all of them lie in folders of it, those are their classes (as torchvision's ImageFolder). */
export async function picturesOf(folder: SourceFolder, names: readonly string[]): Promise<PictureFile[]> {
  const pictures = names.filter((name) => /\.(png|jpe?g)$/i.test(name));
  const labelled = pictures.every((name) => name.includes("/"));
  return Promise.all(
    pictures.map(async (name) => {
      const opened = await openRequired(folder, name);
      return labelled ? { source: opened, className: name.split("/")[0] ?? "" } : { source: opened };
    }),
  );
}
