import { createClipTokenizer, type ClipTokenizer } from "../../diffusion/tokenizer/clip-tokenizer.ts";
import { rememberTokenizer } from "./pipeline-files.ts";
import type { SourceFolder } from "../sources/sources.ts";

/** A CLIP tokenizer from `vocab.json` and `merges.txt`, or from `tokenizer.json`. @throws Error that names what is missing. */
export async function loadTokenizer(
  folder: SourceFolder,
  subfolder: string,
  signal: AbortSignal,
): Promise<ClipTokenizer> {
  const prefix = subfolder === "" ? "" : `${subfolder}/`;
  const read = async (name: string): Promise<string | undefined> => {
    const file = await folder.open(`${prefix}${name}`, { signal });
    return file && new TextDecoder().decode(await file.read(0, file.size));
  };
  const [vocab, merges, tokenizerJson, tokenizerConfig, specialTokensMap] = [
    await read("vocab.json"),
    await read("merges.txt"),
    await read("tokenizer.json"),
    await read("tokenizer_config.json"),
    await read("special_tokens_map.json"),
  ];
  if (!(vocab && merges) && !tokenizerJson) {
    throw new Error(
      `"${folder.label}" has neither ${prefix}vocab.json with merges.txt nor ${prefix}tokenizer.json.`,
    );
  }
  const files = {
    ...(vocab !== undefined && { vocab }),
    ...(merges !== undefined && { merges }),
    ...(tokenizerJson !== undefined && { tokenizerJson }),
    ...(tokenizerConfig !== undefined && { tokenizerConfig }),
    ...(specialTokensMap !== undefined && { specialTokensMap }),
  };
  const tokenizer = createClipTokenizer(files);
  rememberTokenizer(tokenizer, files);
  return tokenizer;
}

/** {@link loadTokenizer} from `tokenizer/`, or from the top of the folder. */
export async function findTokenizer(folder: SourceFolder, signal: AbortSignal): Promise<ClipTokenizer> {
  const nested =
    (await folder.open("tokenizer/vocab.json", { signal })) ??
    (await folder.open("tokenizer/tokenizer.json", { signal }));
  return loadTokenizer(folder, nested ? "tokenizer" : "", signal);
}
