import { readExactly, type ByteSource } from "../weights/byte-source.ts";
import type { Dataset } from "./dataset.ts";
import { gunzipIfNeeded } from "./gunzip.ts";
import { parseIdx, type IdxArray } from "./idx.ts";

export type MnistSplit = "train" | "test";

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

/** Opens a file of a folder by its name; undefined when there is none. */
export type OpenFile = (name: string) => Promise<ByteSource | undefined>;

/**
 * MNIST (LeCun et al. 1998) or a set of the same form, such as Fashion-MNIST: 60,000 or 10,000 gray pictures of 28×28 with
 * their classes, from the four IDX files, packed with gzip or not.
 * @throws naming the file that is missing, damaged, or does not go with the other.
 */
export async function loadMnist(open: OpenFile, split: MnistSplit, name = "MNIST"): Promise<Dataset> {
  const prefix = split === "train" ? "train" : "t10k";
  const images = await readIdxFile(open, `${prefix}-images`, 3);
  const labels = await readIdxFile(open, `${prefix}-labels`, 1);
  return idxDataset(`${name} (${split})`, images, labels, DIGITS);
}

/** Gray pictures `[count, height, width]` and, if there are any, their classes `[count]`. */
export function idxDataset(
  name: string,
  images: IdxArray,
  labels?: IdxArray,
  classNames?: readonly string[],
): Dataset {
  const [count = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3)
    throw new Error(
      `"${name}": the pictures have ${String(images.shape.length)} dimensions; 3 were expected.`,
    );
  if (labels && (labels.shape.length !== 1 || labels.shape[0] !== count)) {
    throw new Error(
      `"${name}": ${String(count)} pictures, but ${labels.shape.join("×")} labels. The files do not belong together.`,
    );
  }
  const stranger = classNames && labels?.data.find((label) => label >= classNames.length);
  if (stranger !== undefined)
    throw new Error(
      `"${name}": label ${String(stranger)} is not one of ${String(classNames?.length)} classes.`,
    );
  return {
    name,
    count,
    height,
    width,
    channels: 1,
    images: images.data,
    ...(labels && { labels: labels.data }),
    ...(classNames && { classNames }),
  };
}

async function readIdxFile(open: OpenFile, stem: string, rank: 1 | 3): Promise<IdxArray> {
  const base = `${stem}-idx${String(rank)}-ubyte`;
  const names = [base, `${base}.gz`, base.replace("-idx", ".idx"), `${base.replace("-idx", ".idx")}.gz`];
  for (const name of names) {
    const source = await open(name);
    if (!source) continue;
    const bytes = await readExactly(source, 0, source.size);
    return parseIdx(name, gunzipIfNeeded(name, bytes));
  }
  throw new Error(`There is no "${base}" (nor .gz) in the folder; MNIST has four such files.`);
}
