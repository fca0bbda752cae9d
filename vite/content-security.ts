import type { Plugin } from "vite";

/** Plain HTTP only to this machine, for a model server of one's own (src/nodes/sources/source-ref.ts). */
const LOCAL = "http://localhost:* http://127.0.0.1:*";

/**
 * The policy for the engine's worker, sent as a header: a worker does not obey the policy that stands in the page. It may
 * fetch models over HTTPS; the page itself, whose policy is in index.html, may reach its own host only.
 */
export const WORKER_POLICY = [
  "default-src 'self'",
  // Threads of WASM are workers made from a blob.
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  "worker-src 'self' blob:",
  `connect-src 'self' https: blob: data: ${LOCAL}`,
  "img-src 'self' blob: data:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join("; ");

/** What a server should send with every file: isolation, which gives WASM its threads, and the policy. */
export const HEADERS: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Content-Security-Policy": WORKER_POLICY,
};

/** The development server talks to the page over a web socket; the built page has none, and may open none. */
export function contentSecurity(): Plugin {
  return {
    name: "latent-loom:content-security",
    apply: "build",
    transformIndexHtml(html) {
      if (!html.includes(" ws:;"))
        throw new Error("index.html no longer allows web sockets: nothing to take out.");
      return html.replace(" ws:;", ";");
    },
  };
}
