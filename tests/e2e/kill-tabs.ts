import type { BrowserContext } from "playwright-core";
import { expect } from "vitest";
import type { LoomApp } from "../../src/editor/app/loom-app.ts";
import { Tab } from "./keeping-page.ts";

/** Edits come this often, in milliseconds. */
const EVERY = 20;

interface Edit {
  readonly number: number;
  /** By the page's own clock, in milliseconds. */
  readonly at: number;
}

/**
 * Kills the tab again and again while it edits and saves, and looks each time at what is left: nothing older than a second may be
 * lost, and the library opens.
 */
export async function killTabs(
  context: BrowserContext,
  url: string,
  rounds: number,
): Promise<{ readonly worst: number }> {
  let edits: Edit[] = [];
  let worst = 0;
  /** What was kept when the round began: it can never be lost. */
  let before = 0;
  await context.exposeBinding(
    "loomEdited",
    (_, number: number, at: number) => void edits.push({ number, at }),
  );
  for (let round = 0; round <= rounds; round++) {
    const tab = await Tab.open(context, url);
    const { page } = tab;
    const name = (await tab.document()).name ?? "";
    const kept = Number(/^edit (\d+)$/.exec(name)?.[1] ?? 0);
    if (round > 0) {
      const due = edits.filter(({ at }) => at <= deadline(edits)).at(-1)?.number ?? before;
      expect(kept, `kill ${round}: the last edit that had to be kept is ${due}`).toBeGreaterThanOrEqual(due);
      const last = edits.at(-1);
      const lost = edits.filter(({ number }) => number > kept)[0];
      if (last && lost) worst = Math.max(worst, last.at - lost.at);
      const opens = await page.evaluate(async () => {
        const { keeper } = document.querySelector("loom-app") as LoomApp;
        const graphs = await keeper.library.list();
        const loaded = await Promise.all(graphs.map(({ id }) => keeper.library.load(id)));
        return { graphs: graphs.length, whole: loaded.filter((graph) => graph !== undefined).length };
      });
      // A kill in the first quarter of a second may leave nothing yet.
      if (kept > 0) expect(opens.graphs, `kill ${round}`).toBeGreaterThan(0);
      expect(opens.whole, `kill ${round}`).toBe(opens.graphs);
      expect(tab.errors, `kill ${round}`).toEqual([]);
      expect(
        await page.locator("loom-tabs dialog[open]").count(),
        `kill ${round}: the dead tab holds nothing`,
      ).toBe(0);
    }
    if (round === rounds) {
      await page.close();
      break;
    }
    edits = [];
    before = kept;
    await page.evaluate(
      ([start = 0, every = 0]) => {
        const app = document.querySelector("loom-app") as LoomApp;
        const tell = (window as unknown as { loomEdited(number: number, at: number): void }).loomEdited;
        let number = start;
        setInterval(() => {
          number += 1;
          app.session.store.execute("Edit", (graph) => ({ ...graph, name: `edit ${number}` }), "edit");
          tell(number, performance.now());
          // Versions and copies are written in between, so that kills hit those writes too.
          if (number % 37 === 0) void app.keeper.keepVersion("in between");
          if (number % 91 === 0) void app.keeper.library.duplicate(app.keeper.id);
        }, every);
      },
      [kept, EVERY],
    );
    await page.waitForTimeout(300 + ((round * 7919) % 1700));
    const session = await context.newCDPSession(page);
    const crashed = page.waitForEvent("crash", { timeout: 30_000 });
    session.send("Page.crash").catch(() => undefined);
    await crashed;
    await page.close();
  }
  return { worst };
}

/** Edits until then have to be there: a second before the end, and more where the machine itself stood still. */
function deadline(edits: readonly Edit[]): number {
  const end = edits.at(-1)?.at ?? 0;
  let stalls = 0;
  for (const [index, { at }] of edits.entries()) {
    const gap = at - (edits[index - 1]?.at ?? at);
    if (at > end - 2000 && gap > 4 * EVERY) stalls += gap;
  }
  return end - 1000 - stalls;
}
