/** Why a file could not be had: what the caller does about it depends on this, not on the words. */
export type FetchFault =
  /** There is no such file. */
  | "missing"
  /** Private, gated, or without a licence to read. */
  | "denied"
  /** Asked to wait (429, 503 with Retry-After). */
  | "busy"
  /** The server failed; it may not the next time. */
  | "server"
  /** No connection could be made. */
  | "offline"
  /** The connection broke, or nothing came for too long. */
  | "dropped"
  /** What came is not what was asked for. */
  | "refused";

export class FetchError extends Error {
  readonly fault: FetchFault;
  readonly retryAfterMs: number | undefined;
  /** With "missing": not the file alone, but the repository or the revision. */
  readonly isWholePlace: boolean;

  constructor(
    fault: FetchFault,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number; readonly isWholePlace?: boolean } = {},
  ) {
    super(message, options);
    this.name = "FetchError";
    this.fault = fault;
    this.retryAfterMs = options.retryAfterMs;
    this.isWholePlace = options.isWholePlace ?? false;
  }
}

/** What a file is called in messages, and how it is asked for. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What to do about a 401 or 403; a sentence. */
  readonly deniedHelp?: string;
}

/** The answer to a request for the bytes from some place on. */
export interface RangeAnswer {
  /** First byte that `body` holds: what was asked for, or 0 from a server that knows no ranges. */
  readonly start: number;
  /** Length of the whole file, where the server says it. */
  readonly total: number | undefined;
  /** Changes whenever the file does: the etag, else the date. Empty where the server gives neither. */
  readonly version: string;
  readonly body: ReadableStream<Uint8Array> | null;
}

/**
 * Asks for the bytes `from` to `to` (exclusive; the end if absent). Always as a range: it keeps proxies from compressing, so that
 * lengths mean bytes of the file, and the answer tells the file's length.
 *
 * @throws FetchError by kind, naming the file and the host.
 */
export async function requestRange(
  file: RemoteFile,
  from: number,
  to: number | undefined,
  signal: AbortSignal | undefined,
): Promise<RangeAnswer> {
  const range = `bytes=${String(from)}-${to === undefined ? "" : String(to - 1)}`;
  const response = await request(file, { Range: range }, signal);
  const version = versionOf(response);
  if (response.status === 416) {
    await response.body?.cancel();
    const total = Number(/\*\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
    // An empty file has no range; anything else is shorter than it was.
    if (total === 0 && from === 0) return { start: 0, total: 0, version, body: null };
    return { start: from, total: Number.isNaN(total) ? undefined : total, version, body: null };
  }
  if (response.status === 206) {
    const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
    const start = match ? Number(match[1]) : from;
    if (start !== from) {
      await response.body?.cancel();
      throw refused(
        file,
        `the server sent bytes from ${String(start)} when asked for those from ${String(from)}`,
      );
    }
    const total = match?.[2] === undefined || match[2] === "*" ? undefined : Number(match[2]);
    return { start, total, version, body: response.body };
  }
  const length = response.headers.get("content-length");
  // With a content coding the length is that of the coded bytes, which fetch has already decoded.
  const total = length !== null && !response.headers.get("content-encoding") ? Number(length) : undefined;
  return { start: 0, total, version, body: response.body };
}

/** A whole small answer as JSON; undefined on 404. */
export async function requestJson(file: RemoteFile, signal: AbortSignal | undefined): Promise<unknown> {
  const response = await request(file, {}, signal);
  try {
    return (await response.json()) as unknown;
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw refused(file, "the answer is not JSON", cause);
  }
}

async function request(
  file: RemoteFile,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const host = hostOf(file.url);
  let response: Response;
  try {
    response = await fetch(file.url, {
      headers: { ...file.headers, ...headers },
      // A cached half of an older version must not be mixed with a half of the present one.
      cache: "no-store",
      ...(signal && { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new FetchError(
      "offline",
      `"${file.name}" could not be fetched from ${host}: no connection. Check the network and run again.`,
      { cause },
    );
  }
  if (response.ok || response.status === 416) {
    if (response.headers.get("content-type")?.startsWith("text/html") && !/\.html?$/.test(file.name)) {
      await response.body?.cancel();
      throw refused(file, "the answer is a web page, not the file (a sign-in page, or a wrong address)");
    }
    return response;
  }
  await response.body?.cancel();
  throw explainStatus(file, host, response);
}

function refused(file: RemoteFile, what: string, cause?: unknown): FetchError {
  return new FetchError("refused", `"${file.name}" could not be fetched from ${hostOf(file.url)}: ${what}.`, {
    cause,
  });
}

/** @returns An error that says what the status means and what to do. */
function explainStatus(file: RemoteFile, host: string, response: Response): FetchError {
  const { status } = response;
  const begin = `"${file.name}" could not be fetched from ${host}: `;
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const later = retryAfterMs === undefined ? "later" : `in ${String(Math.ceil(retryAfterMs / 1000))} s`;
  switch (status) {
    case 404:
    case 410:
      return new FetchError(
        "missing",
        `${begin}${missingWords(response.headers.get("x-error-code"))} (${String(status)}).`,
        {
          isWholePlace:
            response.headers.has("x-error-code") && response.headers.get("x-error-code") !== "EntryNotFound",
        },
      );
    case 401:
    case 403:
      return new FetchError(
        "denied",
        `${begin}access denied (${String(status)}). ${file.deniedHelp ?? "It may be private."}`,
      );
    case 429:
      return new FetchError("busy", `${begin}too many requests (429). Try again ${later}.`, wait);
    case 500:
    case 502:
    case 503:
    case 504:
    case 408:
      return new FetchError(
        "server",
        `${begin}the server answered ${String(status)} ${response.statusText}. Try again ${later}.`,
        wait,
      );
    default:
      return new FetchError(
        "refused",
        `${begin}the server answered ${String(status)} ${response.statusText}.`,
      );
  }
}

/** The Hub says in a header of its own what it is that is missing. */
function missingWords(code: string | null): string {
  switch (code) {
    case "RepoNotFound":
      return "there is no such repository";
    case "RevisionNotFound":
      return "the repository has no such revision";
    default:
      return "there is no such file";
  }
}

/** Seconds, or a date. */
function parseRetryAfter(text: string | null): number | undefined {
  if (text === null || text.trim() === "") return undefined;
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function versionOf({ headers }: Response): string {
  return headers.get("etag")?.replace(/^W\//, "") ?? headers.get("last-modified") ?? "";
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || "this server" : "this server";
}
