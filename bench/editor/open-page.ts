import type { Browser, Page } from "playwright-core";

/** An empty page in a profile of its own, without a cache. */
export async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  // The compiler that runs the bench names functions with this helper, also those that are sent into the page.
  await context.addInitScript("globalThis.__name = (value) => value");
  return context.newPage();
}
