import { html, svg } from "lit";
import type { SVGTemplateResult, TemplateResult } from "lit";

const icon = (body: SVGTemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${body}</svg>`;

const paths = (...shapes: readonly string[]): TemplateResult =>
  icon(svg`${shapes.map((d) => svg`<path d=${d} />`)}`);

/** Drawn here, 24 × 24, one stroke width. */
export const icons = {
  play: icon(svg`<path d="M7 4.5v15l12-7.5z" fill="currentColor" />`),
  pause: icon(
    svg`<rect x="6" y="5" width="4" height="14" rx="1" fill="currentColor" /><rect x="14" y="5" width="4" height="14" rx="1" fill="currentColor" />`,
  ),
  step: icon(
    svg`<path d="M5 5v14l9-7z" fill="currentColor" /><rect x="16" y="5" width="3" height="14" rx="1" fill="currentColor" />`,
  ),
  back: paths("m15 6-6 6 6 6"),
  forward: paths("m9 6 6 6-6 6"),
  eye: icon(
    svg`<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" /><circle cx="12" cy="12" r="3" />`,
  ),
  pin: paths("M9 4h6l-1 6 3 3v2H7v-2l3-3z", "M12 15v6"),
  fork: paths("M6 4v16", "M6 12c6 0 12-1 12-8", "m15 6.5 3-3 3 3"),
  stop: icon(svg`<rect x="6" y="6" width="12" height="12" rx="1.5" fill="currentColor" />`),
  undo: paths("M4 9h10a6 6 0 0 1 0 12h-4", "M8 5 4 9l4 4"),
  redo: paths("M20 9H10a6 6 0 0 0 0 12h4", "m16 5 4 4-4 4"),
  plus: paths("M12 5v14", "M5 12h14"),
  close: paths("M6 6l12 12", "M18 6 6 18"),
  search: icon(svg`<circle cx="11" cy="11" r="6.5" /><path d="m16 16 5 5" />`),
  fit: paths("M4 9V4h5", "M20 9V4h-5", "M4 15v5h5", "M20 15v5h-5"),
  download: paths("M12 4v11", "m7 11 5 5 5-5", "M5 20h14"),
  upload: paths("M12 16V5", "m7 9 5-5 5 5", "M5 20h14"),
  book: paths(
    "M4 5.5A1.5 1.5 0 0 1 5.5 4H11v16H5.5A1.5 1.5 0 0 1 4 18.5z",
    "M20 5.5A1.5 1.5 0 0 0 18.5 4H13v16h5.5a1.5 1.5 0 0 0 1.5-1.5z",
  ),
  warning: paths("M12 4 2.8 20h18.4z", "M12 10v4.5", "M12 17.3v.1"),
  keyboard: icon(
    svg`<rect x="3" y="6" width="18" height="12" rx="2" /><path d="M7 10h.1M11 10h.1M15 10h.1M17.5 10h.1M8 14h8" />`,
  ),
  list: paths("M9 6h11", "M9 12h11", "M9 18h11", "M4.5 6h.1", "M4.5 12h.1", "M4.5 18h.1"),
  dice: icon(
    svg`<rect x="4" y="4" width="16" height="16" rx="3" /><path d="M8.5 8.5h.1M15.5 8.5h.1M12 12h.1M8.5 15.5h.1M15.5 15.5h.1" stroke-width="2.5" />`,
  ),
  store: icon(
    svg`<ellipse cx="12" cy="6" rx="7" ry="3" /><path d="M5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3" />`,
  ),
  chevron: paths("m8 10 4 4 4-4"),
  tidy: icon(
    svg`<rect x="3" y="4" width="7" height="5" rx="1" /><rect x="14" y="9.5" width="7" height="5" rx="1" /><rect x="3" y="15" width="7" height="5" rx="1" /><path d="M10 6.5h2v5.5h2M10 17.5h2V12" />`,
  ),
  file: paths("M6 3h8l5 5v13H6z", "M14 3v5h5"),
  loop: paths(
    "M4 12a8 8 0 0 1 13.7-5.7L20 8.5",
    "M20 4v4.5h-4.5",
    "M20 12a8 8 0 0 1-13.7 5.7L4 15.5",
    "M4 20v-4.5h4.5",
  ),
  trash: paths("M4 7h16", "M9 7V4h6v3", "M6.5 7l1 13h9l1-13"),
  folder: paths("M3 6h6l2 2h10v11H3z"),
  brush: paths(
    "M20 4 10 14",
    "M9 13a3.5 3.5 0 0 0-4 3.5C5 18.5 4 19.5 3 20c3 1 8.5 0 8.5-4.5A3.5 3.5 0 0 0 9 13z",
  ),
  eraser: paths("M9 20h11", "M4.5 14.5 14 5l6 6-9 9H8z", "m9.5 9.5 6 6"),
  library: paths("M5 4v16", "M9 4v16", "M13 4h3v16h-3z", "m17.5 5 2.6-.6L23 19.6l-2.6.6z"),
  pictures: icon(
    svg`<rect x="3" y="6" width="15" height="14" rx="2" /><path d="M7 3h12a2 2 0 0 1 2 2v11" /><path d="m3.5 17 4-4.5 3.5 3.5 2.5-2.5 4 4.5" /><path d="M13.5 10.2h.1" stroke-width="2.5" />`,
  ),
  share: paths(
    "M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12 6.3",
    "M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.6-1.6",
  ),
  copy: icon(
    svg`<rect x="8" y="8" width="12" height="12" rx="2" /><path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2" />`,
  ),
  pencil: paths("M4 20l1-4L16 5l3 3L8 19z", "m14 7 3 3"),
  clock: icon(svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 7v5l3.5 2" />`),
  check: paths("m5 12.5 4.5 4.5L19 7.5"),
  tabs: icon(
    svg`<rect x="3" y="7" width="13" height="13" rx="2" /><path d="M8 7V5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-3" />`,
  ),
  note: paths("M5 4h14v11l-5 5H5z", "M14 20v-5h5"),
} as const;

/** The woven mark of Latent Loom. */
export const mark = html`<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
  <g fill="none" stroke-width="2.6" stroke-linecap="round">
    <path
      d="M7 3v6M7 15v6M12 3v1.5M12 9.5v5M12 19.5V21M17 3v6M17 15v6"
      stroke="currentColor"
      opacity="0.55"
    />
    <path d="M3 7h1.5M9.5 7h5M19.5 7H21M3 12h6M15 12h6M3 17h1.5M9.5 17h5M19.5 17H21" stroke="var(--accent)" />
  </g>
</svg>`;
