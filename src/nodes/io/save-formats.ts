/** The formats that a value is written in, by the ending of the file's name. A network may also go to a folder, `path/`. */
const formats = [".png", ".npy", ".safetensors", ".json"] as const;
export type SaveFormat = (typeof formats)[number] | "folder";

/** @throws Error that names the path, and the endings that there are. */
export function saveFormat(path: string): SaveFormat {
  if (path.endsWith("/")) return "folder";
  const extension = /\.[a-z]+$/i.exec(path)?.[0].toLowerCase();
  const format = formats.find((one) => one === extension);
  if (format !== undefined) return format;
  throw new Error(
    `"${path}": the extension must be .png, .npy, .safetensors or .json; a network may go to a folder/.`,
  );
}
