import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium } from "../support/browser.ts";
import { BuiltPage } from "./built-page.ts";
import { executable, skipNote } from "./editor-page.ts";
import { killTabs } from "./kill-tabs.ts";

/** `npm run test:slow` kills a hundred times. */
const ROUNDS = process.env["LOOM_SLOW"] === undefined ? 6 : 100;

describe.skipIf(!executable)(`a tab that is killed in Chromium${skipNote}`, () => {
  let built: BuiltPage;
  let browser: Browser;
  beforeAll(async () => {
    built = await BuiltPage.open();
    browser = await launchChromium(executable ?? "");
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await built?.close();
  });

  test(
    `${ROUNDS} times in the middle of edits and saves: nothing older than a second is lost, and the library opens`,
    async () => {
      const context = await browser.newContext();
      const { worst } = await killTabs(context, built.url, ROUNDS);
      console.log(`killed ${ROUNDS} times: at most ${Math.round(worst)} ms of edits were lost`);
      expect(worst).toBeGreaterThan(0);
      await context.close();
    },
    ROUNDS * 30_000,
  );
});
