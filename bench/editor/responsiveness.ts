import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { EditorPage, executable } from "../../tests/e2e/editor-page.ts";
import type { Result } from "../support.ts";

/** How long the page is used while it samples. */
const SECONDS = 12;
const CANCELS = 5;

/**
 * How the page answers while the engine samples on WebAssembly in its worker: from an input to the frame that shows it, beside the
 * same with the engine idle; and how soon a cancel takes effect, beside the length of one step.
 */
export async function benchResponsiveness(): Promise<readonly Result[]> {
  if (!executable)
    return [{ name: "input latency while sampling", skipped: "no Chromium or Chrome was found" }];
  const editor = await EditorPage.open("bench-responsiveness");
  try {
    await editor.page.getByLabel("Backend").selectOption("wasm");
    await editor.param("noise", "batch").fill("4");
    await editor.param("timesteps", "numInferenceSteps").fill("1000");
    await editor.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const idle = await latencies(editor);
    await editor.run();
    await editor.node("begin").locator(".state", { hasText: "/ 1000" }).waitFor({ timeout: 120_000 });
    const sampling = await latencies(editor);
    const { cancels, steps, iterations } = await cancelling(editor);
    return [
      {
        name: `input to frame, 95th percentile of ${String(sampling.length)}, while sampling on wasm`,
        value: percentile(sampling, 0.95),
        unit: "ms",
        peer: { name: "engine idle", value: percentile(idle, 0.95) },
        goal: "50 ms or less",
      },
      {
        name: `cancel takes effect, slowest of ${String(CANCELS)}`,
        value: Math.max(...cancels),
        unit: "ms",
        peer: { name: "one step", value: percentile(steps, 0.5) },
        goal: "within one step",
      },
      {
        name: `iterations that end after a cancel was asked for, most of ${String(CANCELS)}`,
        value: Math.max(...iterations),
        unit: "iterations",
        goal: "1 or less: the one under way",
      },
    ];
  } finally {
    await editor.close();
  }
}

/** Drags the canvas and types, as a person does, and measures each input to the frame after it has been handled. */
async function latencies(editor: EditorPage): Promise<number[]> {
  const { page } = editor;
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    for (const type of ["pointermove", "keydown", "input"]) {
      window.addEventListener(
        type,
        (event) => {
          // The frame that shows what this input did has been made when the task after it runs.
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => times.push(performance.now() - event.timeStamp);
            port2.postMessage(null);
          });
        },
        { capture: true, passive: true },
      );
    }
  });
  const [x, y] = await editor.emptyPlace();
  const end = performance.now() + (SECONDS * 1000) / 2;
  for (let round = 0; performance.now() < end; round++) {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let at = 1; at <= 12; at++) await page.mouse.move(x + (round % 2 ? -4 : 4) * at, y + 2 * at);
    await page.mouse.up();
    await page.keyboard.press("ArrowRight");
  }
  return page.evaluate(() => (window as unknown as { times: number[] }).times.splice(0));
}

interface Cancels {
  /** Milliseconds until each run was over. */
  readonly cancels: readonly number[];
  /** Milliseconds of steps before. */
  readonly steps: readonly number[];
  /** Iterations that were told of after each cancel was asked for. */
  readonly iterations: readonly number[];
}

/** Cancels runs in the middle of their loop. */
async function cancelling(editor: EditorPage): Promise<Cancels> {
  const cancels: number[] = [];
  const steps: number[] = [];
  const iterations: number[] = [];
  for (let round = 0; round < CANCELS; round++) {
    const [ms, lengths, after] = await editor.page.evaluate(async () => {
      const { session, control } = document.querySelector("loom-app") as LoomApp;
      const running = session.runs.phase === "idle" ? control.run() : undefined;
      const ends: number[] = [];
      const prototype = Object.getPrototypeOf(session.runs) as typeof session.runs;
      session.runs.handle = function (event, now) {
        if (event.type === "iteration") ends.push(performance.now());
        prototype.handle.call(session.runs, event, now);
      };
      while (ends.length < 12) await new Promise((resolve) => setTimeout(resolve, 20));
      const started = performance.now();
      const before = ends.length;
      await control.cancel();
      await control.idle();
      await running;
      return [
        performance.now() - started,
        ends.slice(1, before).map((at, index) => at - (ends[index] ?? at)),
        ends.length - before,
      ] as const;
    });
    cancels.push(ms);
    steps.push(...lengths);
    iterations.push(after);
  }
  return { cancels, steps, iterations };
}

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
