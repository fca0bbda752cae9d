import type { Preview } from "../../engine/node/define-node.ts";

/** Puts a picture into a canvas, pixel for pixel. */
export function drawImage(canvas: HTMLCanvasElement, preview: Extract<Preview, { kind: "image" }>): void {
  const { width, height, rgba } = preview;
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  pixels.data.set(rgba.subarray(0, width * height * 4));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
}

const CHART = { width: 488, height: 200 } as const;

/** Draws a curve with its range; twice the size that it is shown at, for sharp lines. */
export function drawChart(canvas: HTMLCanvasElement, preview: Extract<Preview, { kind: "chart" }>): void {
  canvas.width = CHART.width;
  canvas.height = CHART.height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const values = preview.y.filter((value) => Number.isFinite(value));
  context.font = `22px ${style.getPropertyValue("--font") || "sans-serif"}`;
  context.fillStyle = style.getPropertyValue("--text-2");
  if (values.length === 0) {
    context.fillText(preview.label, 14, 32);
    return;
  }
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = high - low || 1;
  const [left, right, top, bottom] = [14, CHART.width - 14, 46, CHART.height - 16];
  context.strokeStyle = style.getPropertyValue("--accent");
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.beginPath();
  preview.y.forEach((value, index) => {
    const x = left + ((right - left) * index) / Math.max(1, preview.y.length - 1);
    const y = bottom - ((bottom - top) * ((Number.isFinite(value) ? value : high) - low)) / span;
    if (index === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.stroke();
  const last = values.at(-1) ?? low;
  context.fillText(`${preview.label} ${last.toPrecision(4)}`, 14, 30);
  context.textAlign = "right";
  context.fillText(`${low.toPrecision(3)} … ${high.toPrecision(3)}`, right, 30);
  context.textAlign = "left";
}
