/** Shapes tell types apart where colours do not: every hue below is used with a shape of its own neighbourhood. */
export type SocketShape = "circle" | "square" | "diamond" | "triangle" | "hexagon" | "pentagon" | "bar" | "star";

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
  mask: style(205, "pentagon"),
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
  conditioning: style(100, "diamond"),
  dataset: style(195, "hexagon"),
  optimizerState: style(15, "star"),
  loss: style(25, "triangle"),
};

const SHAPES: readonly SocketShape[] = ["circle", "square", "diamond", "triangle", "hexagon", "pentagon", "bar", "star"];

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
