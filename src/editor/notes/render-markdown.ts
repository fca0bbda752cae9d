import DOMPurify from "dompurify";
import { Marked } from "marked";

const SIGNS: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** HTML in a note is shown as the text that it is. */
const asText = ({ text }: { readonly text: string }): string =>
  text.replaceAll(/[&<>"]/g, (sign) => SIGNS[sign] ?? sign);

const marked = new Marked({ gfm: true, breaks: true, async: false, renderer: { html: asText } });

/** Text with structure, and nothing that loads, moves or is filled in. */
const TAGS = [
  "a",
  "b",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "i",
  "li",
  "ol",
  "p",
  "pre",
  "strong",
  "sub",
  "sup",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];

/**
 * The text of a note as part of a page. A graph may come from anyone: of what the Markdown makes only tags of the list above get
 * through, without styles, scripts or pictures, and links lead to web and mail addresses only, in a tab that knows nothing of this one.
 */
export function renderMarkdown(text: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(marked.parse(text) as string, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", "title", "start"],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll("a")) {
    if (!link.hasAttribute("href")) continue;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  return fragment;
}
