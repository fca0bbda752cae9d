import { bytesSource, type ByteSource } from "../../diffusion/weights/byte-source.ts";

/** What a download may report and obey. */
export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number, note?: string) => void;
  /** Takes a message that the person should see; the work goes on. */
  readonly warn?: (message: string) => void;
}

/** A short, checkable answer to "has it changed?": the etag, else date and length. */
export interface Downloaded {
  readonly source: ByteSource;
  readonly identity: string;
}

/**
 * Fetches one file.
 *
 * @returns undefined on 404, so that a caller can look for another name.
 * @throws Error that names the file and says what to do, on any other failure.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Downloaded | undefined> {
  const name = decodeURIComponent(url.split("/").at(-1) ?? url);
  const response = await request(url, name, options);
  if (!response) return undefined;
  const declared = response.headers.get("content-length");
  // With a content coding the length is that of the coded bytes, which fetch has already decoded.
  const expected =
    declared !== null && !response.headers.get("content-encoding") ? Number(declared) : undefined;
  const bytes = await readBody(response, name, expected, options);
  const identity =
    response.headers.get("etag") ??
    `${response.headers.get("last-modified") ?? ""}:${String(bytes.byteLength)}`;
  return { source: bytesSource(name, bytes), identity };
}

async function request(
  url: string,
  name: string,
  { signal }: DownloadOptions,
): Promise<Response | undefined> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Error(
      `"${name}" could not be fetched from ${hostOf(url)}: no connection. Check the network and run again.`,
      {
        cause,
      },
    );
  }
  if (response.status === 404) return undefined;
  if (!response.ok)
    throw new Error(`"${name}" could not be fetched from ${hostOf(url)}: ${explainStatus(response)}`);
  // A development server answers an unknown path with its page.
  if (response.headers.get("content-type")?.startsWith("text/html") && !/\.html?$/.test(name))
    return undefined;
  return response;
}

async function readBody(
  response: Response,
  name: string,
  expected: number | undefined,
  { signal, progress }: DownloadOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    while (reader) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.byteLength;
      progress?.(length, expected ?? length, `fetching ${name}`);
    }
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Error(`"${name}": the connection broke after ${String(length)} bytes. Run again.`, { cause });
  }
  if (expected !== undefined && length !== expected) {
    throw new Error(`"${name}": ${String(length)} of ${String(expected)} bytes arrived. Run again.`);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function explainStatus(response: Response): string {
  switch (response.status) {
    case 401:
    case 403:
      return `access denied (${String(response.status)}). The repository may be private or want its terms accepted on its page.`;
    case 429: {
      const wait = response.headers.get("retry-after");
      return `too many requests (429). Try again ${wait ? `in ${wait} s` : "later"}.`;
    }
    default:
      return `the server answered ${String(response.status)} ${response.statusText}.`;
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || "this server" : "this server";
}
