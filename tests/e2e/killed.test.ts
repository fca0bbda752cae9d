import { describe, expect, test } from "vitest";
import { executable, skipNote } from "./editor-page.ts";
import { shareBuiltPage } from "./shared-built-page.ts";
import { killTabs } from "./kill-tabs.ts";

/** `npm run test:slow` kills a hundred times. */
const ROUNDS = process.env["LOOM_SLOW"] === undefined ? 6 : 100;

describe.skipIf(!executable)(`a tab that is killed in Chromium${skipNote}`, () => {
  const shared = shareBuiltPage();

  test(
    `${ROUNDS} times in the middle of edits and saves: nothing older than a second is lost, and the library opens`,
    async () => {
      const context = await shared.browser.newContext();
      const { worst } = await killTabs(context, shared.built.url, ROUNDS);
      console.log(`killed ${ROUNDS} times: at most ${Math.round(worst)} ms of edits were lost`);
      expect(worst).toBeGreaterThan(0);
      await context.close();
    },
    ROUNDS * 30_000,
  );
});
