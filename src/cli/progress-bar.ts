import type { RunEvent } from "../engine/run/events.ts";

const WIDTH = 24;

/** Models that are loaded quicker need no line. */
const WORTH_TELLING_MS = 500;

/** `unloaded the text encoder of "hf:…" (246 MB): …` */
function memoryLine({ action, label, bytes, ms, reason }: Extract<RunEvent, { type: "memory" }>): string {
  const time = ms === undefined ? "" : ` in ${(ms / 1000).toFixed(1)} s`;
  return `${action} the ${label} (${(bytes / 1e6).toFixed(0)} MB)${time}${reason === undefined ? "" : `: ${reason}`}`;
}

/** Draws one line of progress on a terminal; elsewhere it prints a line for each node that is done. */
export class ProgressBar {
  private readonly stream: NodeJS.WriteStream;
  private readonly live: boolean;
  private total = 0;
  private done = 0;
  private started = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.live = stream.isTTY;
  }

  /** Shows one event. */
  show(event: RunEvent): void {
    switch (event.type) {
      case "planned":
        this.total = event.nodes.length;
        break;
      case "nodeStarted":
        this.draw(event.node, 0);
        break;
      case "progress":
        this.draw(event.node, event.total > 0 ? event.done / event.total : 0, event.note);
        break;
      case "iteration": {
        const count =
          event.total === undefined
            ? `${String(event.index + 1)}`
            : `${String(event.index + 1)}/${String(event.total)}`;
        const scalars = Object.entries(event.scalars).map(
          ([name, value]) => `${name} ${value.toPrecision(4)}`,
        );
        this.draw(
          event.zone,
          event.total ? (event.index + 1) / event.total : 0,
          [count, ...scalars].join(" "),
        );
        break;
      }
      case "nodeFinished":
        this.done += 1;
        if (!this.live)
          this.stream.write(`${event.node} ${event.cached ? "(cached)" : `${event.ms.toFixed(0)} ms`}\n`);
        break;
      case "warning":
        this.clear();
        this.stream.write(`warning: ${event.node}: ${event.message}\n`);
        break;
      case "memory":
        if (event.action === "loaded" && event.ms !== undefined && event.ms < WORTH_TELLING_MS) break;
        this.clear();
        this.stream.write(`${memoryLine(event)}\n`);
        break;
      case "preview":
      case "nodeFailed":
      case "finished":
      case "cancelled":
        this.clear();
        break;
    }
  }

  /** Shows how far a transfer is; elsewhere than on a terminal a line for each tenth of it. */
  transfer(name: string, done: number, total: number, note = ""): void {
    const fraction = total > 0 ? done / total : 0;
    if (this.live) {
      this.draw(name, fraction, note);
      return;
    }
    const tenth = Math.floor(fraction * 10);
    if (tenth <= this.done) return;
    this.done = tenth;
    this.stream.write(`${name}: ${String(tenth * 10)} %\n`);
  }

  /** Removes the line, so that what is printed next stands alone. */
  clear(): void {
    if (this.live) this.stream.write("\r\x1b[K");
  }

  private draw(name: string, fraction: number, note = ""): void {
    if (!this.live) return;
    const filled = Math.round(Math.min(1, Math.max(0, fraction)) * WIDTH);
    const seconds = ((performance.now() - this.started) / 1000).toFixed(0);
    const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
    const count = this.total > 0 ? `${String(this.done)}/${String(this.total)} ` : "";
    const line = `${count}${bar} ${name} ${note} ${seconds} s`;
    this.stream.write(`\r\x1b[K${line.slice(0, (this.stream.columns || 80) - 1)}`);
  }
}
