/** Makes the pictures of keeping and sharing in docs/screenshots from the built page: `npx tsx scripts/screenshots-keeping.ts`. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoomApp } from "../src/editor/app/loom-app.ts";
import { linkTo } from "../src/editor/share/link.ts";
import { BuiltPage } from "../tests/e2e/built-page.ts";
import { Tab } from "../tests/e2e/keeping-page.ts";
import { findChromium, launchChromium } from "../tests/support/browser.ts";

const FOLDER = fileURLToPath(new URL("../docs/screenshots/", import.meta.url));
const executable = findChromium();
if (!executable) throw new Error("No Chromium or Chrome was found. Set CHROMIUM to the path of one.");
mkdirSync(FOLDER, { recursive: true });

const built = await BuiltPage.open();
const browser = await launchChromium(executable);
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
const tab = await Tab.open(context, built.url);
const { page } = tab;
page.setDefaultTimeout(120_000);

async function shot(name: string, of = page): Promise<void> {
  await of.waitForTimeout(700);
  await of.screenshot({ path: `${FOLDER}${name}.png` });
  console.log(`docs/screenshots/${name}.png`);
}

const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).last().click();

/** Two graphs of one's own, with a picture of each. */
async function work(): Promise<void> {
  await tab.openNoise(3);
  await tab.rename("Only noise");
  await tab.run();
  await page.evaluate(() => (document.querySelector("loom-app") as LoomApp).keeping.newGraph());
  await page.getByRole("button", { name: "Templates", exact: true }).click();
  await page.locator('[data-template="sample-digits"]').click();
  await tab.ready();
  await page.evaluate(() => {
    const { store } = (document.querySelector("loom-app") as LoomApp).session;
    store.execute("Nine digits", (graph) => {
      const { noise } = graph.nodes;
      return noise
        ? { ...graph, nodes: { ...graph.nodes, noise: { ...noise, params: { batch: 9 } } } }
        : graph;
    });
  });
  await tab.rename("My digits");
  await tab.run();
  await tab.pictures(2);
  await tab.saved();
}

try {
  await work();
  for (const scheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [button, name] of [
      ["Templates", "gallery"],
      ["Library: your graphs", "library"],
      ["Pictures", "pictures"],
      ["Share", "share"],
    ] as const) {
      await page.getByRole("button", { name: button, exact: true }).first().click();
      await shot(`${name}-${scheme}`);
      await page.keyboard.press("Escape");
    }
    await page.getByRole("button", { name: "Pictures", exact: true }).first().click();
    await page.locator("loom-history .card .open").first().click();
    await shot(`picture-${scheme}`);
    await press("Close");
    const second = await context.newPage();
    await second.emulateMedia({ colorScheme: scheme });
    await second.goto(built.url);
    await second.getByText("This graph is open in another tab").waitFor();
    await shot(`second-tab-${scheme}`, second);
    await second.close();
    const { hash } = new URL(linkTo(await tab.document(), built.url));
    await page.evaluate((next) => (window.location.hash = next), hash);
    await page.getByRole("button", { name: "Open and run" }).waitFor();
    await shot(`link-${scheme}`);
    await page.getByRole("button", { name: "Not now" }).click();
  }
} finally {
  await browser.close();
  await built.close();
}
