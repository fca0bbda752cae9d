import { readExactly, type ByteSource } from "../weights/byte-source.ts";
import type { Dataset } from "./dataset.ts";
import { decodePicture, type Picture } from "./decode-picture.ts";
import { resizeAndCrop, resizeBilinear, type Raster } from "./resize.ts";

export interface ImageFolderOptions {
  readonly width: number;
  readonly height: number;
  readonly color: "rgb" | "gray";
  /** `crop` keeps the proportions and cuts what hangs over; `stretch` does not. Default `crop`. */
  readonly fit?: "crop" | "stretch";
  /** What transparent parts lie on, 0 to 255. Default white. */
  readonly background?: readonly [red: number, green: number, blue: number];
}

/** A picture file; with a class name where the set has classes. */
export interface PictureFile {
  readonly source: ByteSource;
  readonly className?: string;
}

/** A decoded picture; with a class name where the set has classes. */
export interface LabelledPicture {
  readonly picture: Picture;
  readonly className?: string;
}

/** Classes are stored in bytes. */
const MAX_CLASSES = 256;

/**
 * Reads PNG and JPEG files into a data set, one after the other.
 * @throws naming the file that cannot be read or decoded.
 */
export async function loadImageFolder(
  name: string,
  files: readonly PictureFile[],
  options: ImageFolderOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<Dataset> {
  const pictures: { raster: Raster; className?: string }[] = [];
  for (const { source, className } of files) {
    const picture = decodePicture(source.name, await readExactly(source, 0, source.size));
    // Fitted at once: a folder of photographs would not fit into memory at full size.
    pictures.push({ raster: fitPicture(picture, options), ...(className !== undefined && { className }) });
    onProgress?.(pictures.length, files.length);
  }
  return assemble(name, pictures, options);
}

/** A data set of pictures that are decoded already. */
export function imageDataset(
  name: string,
  pictures: readonly LabelledPicture[],
  options: ImageFolderOptions,
): Dataset {
  return assemble(
    name,
    pictures.map(({ picture, ...rest }) => ({ raster: fitPicture(picture, options), ...rest })),
    options,
  );
}

function assemble(
  name: string,
  pictures: readonly { readonly raster: Raster; readonly className?: string }[],
  { width, height, color }: ImageFolderOptions,
): Dataset {
  if (pictures.length === 0) throw new Error(`"${name}" holds no PNG or JPEG picture.`);
  const channels = color === "rgb" ? 3 : 1;
  const size = width * height * channels;
  const images = new Uint8Array(pictures.length * size);
  pictures.forEach(({ raster }, i) => {
    images.set(raster.data, i * size);
  });
  const set = { name, count: pictures.length, height, width, channels, images };
  const classes = pictures.map(({ className }) => className);
  if (!classes.every((className) => className !== undefined)) return set;
  const classNames = [...new Set(classes)].sort();
  if (classNames.length > MAX_CLASSES)
    throw new Error(
      `"${name}" has ${String(classNames.length)} classes; at most ${String(MAX_CLASSES)} are kept.`,
    );
  return {
    ...set,
    labels: Uint8Array.from(classes, (className) => classNames.indexOf(className)),
    classNames,
  };
}

function fitPicture(
  picture: Picture,
  { width, height, color, fit = "crop", background = [255, 255, 255] }: ImageFolderOptions,
): Raster {
  const flat = flatten(picture, color, background);
  return fit === "crop" ? resizeAndCrop(flat, width, height) : resizeBilinear(flat, width, height);
}

/** Lays a picture on the background and, for gray, takes the luma of ITU-R BT.601. */
function flatten(
  { width, height, rgba }: Picture,
  color: "rgb" | "gray",
  background: readonly [number, number, number],
): Raster {
  const channels = color === "rgb" ? 3 : 1;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const alpha = (rgba[i * 4 + 3] ?? 255) / 255;
    const [red, green, blue] = background.map(
      (under, c) => (rgba[i * 4 + c] ?? 0) * alpha + under * (1 - alpha),
    ) as [number, number, number];
    if (channels === 1) data[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    else data.set([Math.round(red), Math.round(green), Math.round(blue)], i * 3);
  }
  return { width, height, channels, data };
}
