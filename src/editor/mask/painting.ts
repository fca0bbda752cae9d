export type Tool = "brush" | "eraser";

interface Stroke {
  readonly kind: "stroke";
  readonly tool: Tool;
  /** Diameter in pixels of the mask. */
  readonly size: number;
  readonly points: (readonly [x: number, y: number])[];
}

type Step = Stroke | { readonly kind: "clear" | "fill" | "invert" };

/**
 * A mask that is being painted: opaque on its canvas where it is white, transparent elsewhere, so that the canvas can lie
 * over a picture. Undo draws what is left of the steps anew, from what was there at the beginning.
 */
export class MaskPainting {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #color: string;
  #base: ImageData | undefined;
  #done: Step[] = [];
  #undone: Step[] = [];
  #stroke: Stroke | undefined;

  /** @param color what the mask is shown in; it is saved as white all the same */
  constructor(canvas: HTMLCanvasElement, width: number, height: number, color: string) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("The browser gives no canvas to paint on.");
    canvas.width = width;
    canvas.height = height;
    this.canvas = canvas;
    this.#context = context;
    this.#color = color;
    context.lineCap = "round";
    context.lineJoin = "round";
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Begins with a mask, white on black, stretched over the canvas. */
  load(mask: CanvasImageSource): void {
    const { width, height } = this.canvas;
    const context = this.#context;
    context.imageSmoothingEnabled = false;
    context.drawImage(mask, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height);
    const { data } = pixels;
    for (let i = 0; i < data.length; i += 4) data[i + 3] = ((data[i] ?? 0) * (data[i + 3] ?? 0)) / 255;
    context.putImageData(pixels, 0, 0);
    this.#cover("source-in");
    this.#base = context.getImageData(0, 0, width, height);
  }

  begin(tool: Tool, size: number, x: number, y: number): void {
    this.end();
    this.#stroke = { kind: "stroke", tool, size, points: [[x, y]] };
    this.#drawPoint(this.#stroke, 0);
  }

  /** Goes on with the stroke that was begun. */
  extend(x: number, y: number): void {
    if (!this.#stroke) return;
    this.#stroke.points.push([x, y]);
    this.#drawPoint(this.#stroke, this.#stroke.points.length - 1);
  }

  get isStroking(): boolean {
    return this.#stroke !== undefined;
  }

  end(): void {
    const stroke = this.#stroke;
    this.#stroke = undefined;
    if (stroke) this.#push(stroke);
  }

  /** Changes the whole mask. */
  apply(kind: "clear" | "fill" | "invert"): void {
    this.end();
    this.#draw({ kind });
    this.#push({ kind });
  }

  undo(): void {
    this.#move(this.#done, this.#undone);
  }

  redo(): void {
    this.#move(this.#undone, this.#done);
  }

  /** The mask as the data URL of a PNG, white on black. */
  toDataUrl(): string {
    const sheet = document.createElement("canvas");
    sheet.width = this.canvas.width;
    sheet.height = this.canvas.height;
    const context = sheet.getContext("2d");
    if (!context) throw new Error("The browser gives no canvas to save the mask from.");
    context.drawImage(this.canvas, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#000";
    context.fillRect(0, 0, sheet.width, sheet.height);
    return sheet.toDataURL("image/png");
  }

  #push(step: Step): void {
    this.#done.push(step);
    this.#undone = [];
  }

  #move(from: Step[], to: Step[]): void {
    const step = this.isStroking ? undefined : from.pop();
    if (!step) return;
    to.push(step);
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.#base) this.#context.putImageData(this.#base, 0, 0);
    for (const done of this.#done) this.#draw(done);
  }

  #draw(step: Step): void {
    switch (step.kind) {
      case "stroke":
        for (let i = 0; i < step.points.length; i++) this.#drawPoint(step, i);
        break;
      case "clear":
        this.#cover("destination-out");
        break;
      case "fill":
        this.#cover("source-over");
        break;
      case "invert":
        // What is drawn stays only where nothing was, and what was goes.
        this.#cover("source-out");
        break;
    }
  }

  #cover(operation: GlobalCompositeOperation): void {
    const context = this.#context;
    context.globalCompositeOperation = operation;
    context.fillStyle = this.#color;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** The way from the point before to this one; the first is a dot. Drawn again it gives the same pixels. */
  #drawPoint({ tool, size, points }: Stroke, index: number): void {
    const [x, y] = points[index] ?? [0, 0];
    const before = points[index - 1];
    const context = this.#context;
    context.globalCompositeOperation = tool === "brush" ? "source-over" : "destination-out";
    context.fillStyle = this.#color;
    context.strokeStyle = this.#color;
    context.lineWidth = size;
    context.beginPath();
    if (before) {
      context.moveTo(before[0], before[1]);
      context.lineTo(x, y);
      context.stroke();
    } else {
      context.arc(x, y, size / 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
