import { deflateSync, strFromU8, strToU8 } from "fflate";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { inflateBounded } from "../../engine/graph/inflate.ts";
import { readGraph } from "../files/read-graph.ts";

/** The fragment of a link that holds a graph: `#graph=1.` and the deflated JSON in base64url. */
const PREFIX = "#graph=";
const VERSION = "1";
const MOST_BYTES = 20_000_000;
/** Longer links than this are cut off by some chats and mail programs. */
export const SAFE_LENGTH = 8000;

/** A link to the page that holds the whole graph; nothing is uploaded, the fragment stays in the browser. */
export function linkTo(document: GraphDocument, pageUrl: string): string {
  const packed = deflateSync(strToU8(JSON.stringify(document)), { level: 9 });
  const url = new URL(pageUrl);
  url.hash = "";
  url.search = "";
  return `${url.href}${PREFIX}${VERSION}.${toBase64Url(packed)}`;
}

/**
 * The graph of a link.
 *
 * @param hash the fragment, with `#`
 * @returns undefined if the fragment is about something else
 * @throws Error in words if it holds no graph that can be opened
 */
export function graphOfLink(hash: string): GraphDocument | undefined {
  if (!hash.startsWith(PREFIX)) return undefined;
  const [version, data] = hash.slice(PREFIX.length).split(".", 2);
  if (version !== VERSION)
    throw new Error(
      "This link was made by another version of Latent Loom. Reload the page, or ask for the graph as a file.",
    );
  const packed = fromBase64Url(data ?? "");
  if (!packed)
    throw new Error("This link is not whole: some programs cut off long links. Ask for the graph as a file.");
  let bytes: Uint8Array;
  try {
    bytes = inflateBounded(packed, MOST_BYTES, "raw");
  } catch (error) {
    throw new Error(
      `This link cannot be opened: ${error instanceof Error ? error.message : String(error)} Ask for the graph as a file.`,
      { cause: error },
    );
  }
  return readGraph(strFromU8(bytes));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(strFromU8(bytes, true)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  try {
    return strToU8(atob(text.replaceAll("-", "+").replaceAll("_", "/")), true);
  } catch {
    return undefined;
  }
}
