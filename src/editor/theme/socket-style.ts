/** Shapes tell types apart where colours do not: every hue below is used with a shape of its own neighbourhood. */
export type SocketShape =
  "circle" | "square" | "diamond" | "triangle" | "hexagon" | "pentagon" | "bar" | "star";

export interface SocketStyle {
  /** OKLCH hue in degrees; the theme supplies lightness and chroma. */
  readonly hue: number;
  readonly grey: boolean;
  readonly shape: SocketShape;
}

const style = (hue: number, shape: SocketShape, grey = false): SocketStyle => ({ hue, shape, grey });

const STYLES: Readonly<Record<string, SocketStyle>> = {
  any: style(0, "circle", true),
  int: style(150, "square"),
  float: style(130, "circle"),
  boolean: style(170, "diamond"),
  text: style(95, "bar"),
  numbers: style(120, "hexagon"),
  tensor: style(255, "square"),
  latent: style(300, "circle"),
  image: style(228, "hexagon"),
  timestep: style(60, "triangle"),
  amount: style(75, "diamond"),
  indices: style(160, "pentagon"),
  generator: style(110, "star"),
  noiseScheduler: style(40, "hexagon"),
  samplingPlan: style(50, "bar"),
  schedulerState: style(30, "pentagon"),
  unet: style(350, "square"),
  vae: style(5, "hexagon"),
  textEncoder: style(330, "pentagon"),
  tokenizer: style(90, "pentagon"),
  tokens: style(85, "triangle"),
  conditioning: style(100, "diamond"),
  controlnet: style(275, "square"),
  controlResiduals: style(275, "bar"),
  depthEstimator: style(240, "star"),
  dataset: style(195, "hexagon"),
  optimizerState: style(15, "star"),
  loss: style(25, "triangle"),
};

const SHAPES: readonly SocketShape[] = [
  "circle",
  "square",
  "diamond",
  "triangle",
  "hexagon",
  "pentagon",
  "bar",
  "star",
];

/** A type that the table does not name gets a hue and a shape from its id, always the same ones. */
export function socketStyle(type: string): SocketStyle {
  const known = STYLES[type];
  if (known) return known;
  let hash = 2166136261;
  for (const char of type) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619) >>> 0;
  return style((hash % 24) * 15, SHAPES[(hash >>> 8) % SHAPES.length] ?? "circle");
}

/** The CSS colour of a type; the theme's custom properties make it light or dark. */
export function socketColor(type: string): string {
  const { hue, grey } = socketStyle(type);
  return `oklch(var(--socket-l) ${grey ? "0.01" : "var(--socket-c)"} ${hue})`;
}

const OUTLINES: Readonly<Record<SocketShape, string>> = {
  circle: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z",
  square: "M3.5 2.5h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z",
  diamond: "M8 1l7 7l-7 7l-7-7z",
  triangle: "M3 1.5l11 6.5l-11 6.5z",
  hexagon: "M4.5 2h7l3.5 6l-3.5 6h-7l-3.5-6z",
  pentagon: "M8 1l7 5.3l-2.7 8.2h-8.6l-2.7-8.2z",
  bar: "M5.5 1.5h5a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-5a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1z",
  star: "M8 .8l2.1 4.8l5.1.5l-3.9 3.4l1.2 5.1l-4.5-2.7l-4.5 2.7l1.2-5.1l-3.9-3.4l5.1-.5z",
};

/**
 * Rules that give `.pin[data-type]` its picture, hollow and, under `.wired`, filled. Pictures, because a clip path makes the
 * browser keep a layer entry per socket, and a large graph has thousands of them.
 */
export function pinRules(types: readonly string[]): string {
  const rule = (type: string, light: number): string => {
    const { hue, grey, shape } = socketStyle(type);
    const color = `oklch(${light} ${grey ? 0.01 : 0.14} ${hue})`;
    const picture = (filled: boolean): string => {
      const inside = filled ? color : "none";
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${OUTLINES[shape]}" fill="${inside}" stroke="${color}" stroke-width="2" stroke-linejoin="round"/></svg>`;
      return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
    };
    const selector = `.pin[data-type="${CSS.escape(type)}"]`;
    return `${selector}{background-image:${picture(false)}}.wired ${selector}{background-image:${picture(true)}}`;
  };
  const all = (light: number): string => types.map((type) => rule(type, light)).join("");
  return `${all(0.6)}@media (prefers-color-scheme: dark){${all(0.78)}}`;
}
