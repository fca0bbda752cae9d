import { firstPictures } from "../../diffusion/datasets/dataset.ts";
import { loadImageFolder } from "../../diffusion/datasets/image-folder.ts";
import { loadMnist } from "../../diffusion/datasets/mnist.ts";
import { defineNode, port } from "../../engine/node/define-node.ts";
import { choice, int, source } from "../../engine/node/params.ts";
import { intType } from "../../engine/node/socket-type.ts";
import { datasetType } from "../socket-types.ts";
import { servicesOf, type SourceFolder } from "../sources/sources.ts";
import { previewDataset } from "./preview-dataset.ts";
import { picturesOf } from "./pictures-of.ts";

export default defineNode({
  type: "data/dataset",
  version: 1,
  title: "Data set",
  doc: "Loads pictures into memory: MNIST (or a set of the same IDX files), or a folder of PNG and JPEG pictures. Folders in the folder are its classes.",
  keywords: ["mnist", "idx", "image folder", "training data", "fashion"],
  inputs: {},
  params: {
    source: source({ default: "bundled:mnist", holds: "dataset", doc: "The folder." }),
    split: choice(["train", "test"], { default: "train", doc: "Which part of an IDX data set." }),
    limit: int({
      default: 0,
      min: 0,
      max: 10_000_000,
      unit: "pictures",
      doc: "Only the first so many; 0 for all.",
    }),
    size: int({
      default: 64,
      min: 1,
      max: 4096,
      unit: "px",
      doc: "Width and height that a folder's pictures are fitted to.",
    }),
    color: choice(["rgb", "gray"], {
      default: "rgb",
      doc: "Channels of a folder's pictures; IDX sets are gray.",
    }),
    fit: choice(["crop", "stretch"], {
      default: "crop",
      advanced: true,
      doc: "Cut what hangs over, or squeeze it in.",
    }),
  },
  outputs: {
    dataset: port(datasetType, "The pictures."),
    count: port(intType, "How many there are."),
  },
  cacheKey: ({ params, context }) => servicesOf(context).sources.folder(params.source).identity(),
  runAsync: async ({ params, context }) => {
    const { signal } = context;
    const folder = servicesOf(context).sources.folder(params.source);
    const names = await folder.list();
    const open = (name: string): ReturnType<SourceFolder["open"]> =>
      folder.open(name, {
        signal,
        progress: (done, total, note) => {
          context.progress(done, total, note);
        },
      });
    // A place that cannot be listed is taken for an IDX set: its file names are known.
    const isIdx = names === undefined || names.some((name) => /-idx\d-ubyte|\.idx\d-ubyte/.test(name));
    const loaded = isIdx
      ? await loadMnist(open, params.split, params.source.replace(/^bundled:/, ""))
      : await loadImageFolder(
          folder.label,
          await picturesOf(folder, names),
          { width: params.size, height: params.size, color: params.color, fit: params.fit },
          (done, total) => {
            signal.throwIfAborted();
            context.progress(done, total, "reading pictures");
          },
        );
    const dataset = params.limit === 0 ? loaded : firstPictures(loaded, params.limit);
    return { dataset, count: dataset.count };
  },
  preview: ({ outputs }) => Promise.resolve(previewDataset(outputs.dataset)),
});
