/** Nodes of one folder share a hue in their header. */
export function familyColor(type: string): string {
  const family = type.split("/")[0] ?? type;
  const hues: Readonly<Record<string, number>> = {
    data: 190,
    image: 225,
    inspect: 255,
    io: 60,
    model: 350,
    sampling: 300,
    guidance: 320,
    text: 80,
    training: 20,
    value: 140,
    zones: 165,
  };
  const hue = hues[family] ?? [...family].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 360;
  return `oklch(var(--socket-l) 0.12 ${hue})`;
}
