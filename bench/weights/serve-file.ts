import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";

/** Serves one file with an etag, whole or from a place on. */
export async function serveFile(
  path: string,
  size: number,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      ETag: `"${String(size)}"`,
      "Content-Length": size - from,
      "Content-Range": `bytes ${String(from)}-${String(size - 1)}/${String(size)}`,
    });
    pipeline(createReadStream(path, { start: from, highWaterMark: 2 ** 20 }), response).catch(() => {
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/weights.safetensors`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
