import { readFile } from "node:fs/promises";
import { UsageError } from "./args.ts";

/** @throws UsageError that names the file, if it cannot be read. */
export async function readGraphFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (cause as Error).message;
    throw new UsageError(`${path}: ${reason}.`, { cause });
  }
}
