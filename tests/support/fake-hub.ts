import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A file's bytes from `from` to `to`; large ones are made as they are asked for. */
export type Content = (from: number, to: number) => Uint8Array;

export interface HubFile {
  readonly size: number;
  readonly content: Content;
  readonly etag: string;
  /** Listed as a large file, with its SHA-256. */
  readonly sha256?: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What a test does to one answer. */
export interface Mischief {
  /** Answers with this status, and these headers. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends the whole file with 200 whatever was asked for. */
  readonly ignoreRange?: boolean;
  /** Breaks the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Says nothing more after so many bytes, and keeps the connection open. */
  readonly stallAfter?: number;
  readonly etag?: string;
  /** Answers only when this has come. */
  readonly hold?: Promise<unknown>;
}

const CHUNK = 64 * 1024;

/** Plays the Hub: lists, redirects to another address as the Hub does, etags, ranges; and misbehaves as a test asks. */
export class FakeHub {
  readonly files = new Map<string, HubFile>();
  readonly asked: Asked[] = [];
  commit = "c0ffee";
  /** Whether there is the interface that lists a repository. */
  lists = true;
  /** Called for each request for a file; `count` is the number of this request for it, from 1. */
  mischief: (path: string, count: number, range: string | undefined) => Mischief | undefined = () =>
    undefined;
  /** Lists only when this has come. */
  holdListing: Promise<unknown> | undefined;
  bytesSent = 0;
  readonly #server: Server;
  readonly #requests = new Map<string, number>();

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Requests for the bodies of files, in order. */
  get fetched(): string[] {
    return this.asked.filter(({ path }) => path.startsWith("/cdn/")).map(({ path }) => path.slice(5));
  }

  add(
    path: string,
    bytes: Uint8Array | string,
    options: { readonly etag?: string; readonly lfs?: boolean } = {},
  ): void {
    const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    const sha256 = createHash("sha256").update(content).digest("hex");
    this.files.set(path, {
      size: content.byteLength,
      content: (from, to) => content.subarray(from, to),
      etag: options.etag ?? `"${sha256.slice(0, 16)}"`,
      ...((options.lfs ?? true) && { sha256 }),
    });
  }

  reset(): void {
    this.files.clear();
    this.forget();
    this.lists = true;
    this.holdListing = undefined;
    this.mischief = () => undefined;
  }

  /** Forgets what was asked for so far. */
  forget(): void {
    this.asked.length = 0;
    this.bytesSent = 0;
    this.#requests.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://hub").pathname);
    const { range, authorization } = request.headers;
    this.asked.push({ method: request.method ?? "", path, range, authorization });
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader(
      "Access-Control-Expose-Headers",
      "*, ETag, Content-Range, Content-Length, Retry-After",
    );
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    if (path.startsWith("/api/models/")) {
      await this.holdListing;
      this.#list(response);
      return;
    }
    const resolved = /^\/[^/]+\/[^/]+\/resolve\/[^/]+\/(.+)$/.exec(path)?.[1];
    const name = resolved ?? path.replace(/^\/cdn\//, "").replace(/^\//, "");
    const file = this.files.get(name);
    if (!file) {
      response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end("Entry not found");
      return;
    }
    if (resolved !== undefined) {
      response
        .writeHead(302, { Location: `/cdn/${name.split("/").map(encodeURIComponent).join("/")}` })
        .end();
      return;
    }
    const count = (this.#requests.get(name) ?? 0) + 1;
    this.#requests.set(name, count);
    const mischief = this.mischief(name, count, range) ?? {};
    await mischief.hold;
    await this.#send(file, mischief, range, response);
  }

  #list(response: ServerResponse): void {
    if (!this.lists) {
      response.writeHead(404).end();
      return;
    }
    const siblings = [...this.files].map(([rfilename, { size, sha256 }]) => ({
      rfilename,
      size,
      ...(sha256 !== undefined && { lfs: { sha256, size } }),
    }));
    response
      .setHeader("Content-Type", "application/json")
      .end(JSON.stringify({ sha: this.commit, siblings }));
  }

  async #send(
    file: HubFile,
    mischief: Mischief,
    range: string | undefined,
    response: ServerResponse,
  ): Promise<void> {
    const { size } = file;
    if (mischief.status !== undefined) {
      response.writeHead(mischief.status, mischief.headers ?? {}).end("no");
      return;
    }
    const match = mischief.ignoreRange ? null : /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
    const from = match ? Number(match[1]) : 0;
    const to = match?.[2] ? Math.min(size, Number(match[2]) + 1) : size;
    const headers = {
      ETag: mischief.etag ?? file.etag,
      "Content-Type": "application/octet-stream",
      ...mischief.headers,
    };
    if (match && from >= size) {
      response.writeHead(416, { ...headers, "Content-Range": `bytes */${String(size)}` }).end();
      return;
    }
    response.writeHead(match ? 206 : 200, {
      ...headers,
      "Content-Length": String(to - from),
      ...(match && { "Content-Range": `bytes ${String(from)}-${String(to - 1)}/${String(size)}` }),
    });
    const limit = Math.min(mischief.cutAfter ?? Infinity, mischief.stallAfter ?? Infinity, to - from);
    for (let at = 0; at < limit && !response.destroyed; at += CHUNK) {
      const end = Math.min(at + CHUNK, limit);
      this.bytesSent += end - at;
      if (!response.write(file.content(from + at, from + end))) await drained(response);
    }
    if (limit === to - from) response.end();
    // What was written is on its way before the connection breaks.
    else if (mischief.cutAfter !== undefined) setTimeout(() => response.destroy(), 5);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
    if (response.destroyed) go();
  });
}

/** Bytes that any place of a large file can be made from: the same whenever and in whatever pieces they are asked for. */
export function patternBytes(from: number, to: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(to - from);
  const first = from >> 2;
  const words = new Uint32Array(((to - 1) >> 2) - first + 1);
  for (let i = 0; i < words.length; i++)
    words[i] = Math.imul(first + i + seed, 2654435761) ^ ((first + i) >>> 7);
  bytes.set(new Uint8Array(words.buffer, from & 3, to - from));
  return bytes;
}
