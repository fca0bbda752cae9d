import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchChromium } from "../support/browser.ts";
import { BuiltPage } from "./built-page.ts";
import { executable } from "./editor-page.ts";

export interface SharedBuiltPage {
  readonly built: BuiltPage;
  readonly browser: Browser;
}

/** The built page and a browser for all tests of the block around it. What it returns is filled before the first test. */
export function shareBuiltPage(): SharedBuiltPage {
  const shared: { built?: BuiltPage; browser?: Browser } = {};

  beforeAll(async () => {
    shared.built = await BuiltPage.open();
    shared.browser = await launchChromium(executable ?? "");
  }, 600_000);

  afterAll(async () => {
    await shared.browser?.close();
    await shared.built?.close();
  });

  return {
    get built() {
      if (!shared.built) throw new Error("The page is not built yet.");
      return shared.built;
    },
    get browser() {
      if (!shared.browser) throw new Error("The browser is not open yet.");
      return shared.browser;
    },
  };
}
