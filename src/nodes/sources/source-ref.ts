/**
 * A reference to weights or data, as graph files hold it:
 * `bundled:<name>`, `file:<path>`, `hf:<org>/<name>[@revision]` or `https://…`.
 */
export type SourceRef =
  | { readonly kind: "bundled"; readonly name: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "hf"; readonly repo: string; readonly revision: string }
  | { readonly kind: "https"; readonly url: string };

/** The forms that a reference may take, for messages. */
export const SOURCE_FORMS = "bundled:<name>, file:<path>, hf:<org>/<name>[@revision] or https://…";

/** @throws Error that repeats the text and lists the forms, if the text is none of them. */
export function parseSourceRef(text: string): SourceRef {
  const bundled = /^bundled:([A-Za-z0-9][A-Za-z0-9._/-]*)$/.exec(text);
  if (bundled?.[1] && !bundled[1].includes("..")) return { kind: "bundled", name: bundled[1] };
  const file = /^file:(.+)$/.exec(text);
  if (file?.[1]) return { kind: "file", path: file[1].replace(/^\/\/(?=\/)/, "") };
  const hub = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(text);
  if (hub?.[1] && !hub[1].includes("..")) return { kind: "hf", repo: hub[1], revision: hub[2] ?? "main" };
  // Plain http only to this machine: a test server or a model server of one's own.
  if (/^https:\/\/[^/]+/.test(text) || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(text)) {
    // The address of a file's page on the Hub, as people copy it; the file itself is at "resolve".
    const url = text.replace(/^(https:\/\/huggingface\.co\/[\w.-]+\/[\w.-]+)\/blob\//, "$1/resolve/");
    return { kind: "https", url };
  }
  if (text === "") throw new Error(`No source is given. Choose one: ${SOURCE_FORMS}.`);
  throw new Error(`"${text}" is not a source. A source is ${SOURCE_FORMS}.`);
}
