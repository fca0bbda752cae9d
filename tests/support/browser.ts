import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext } from "playwright-core";

/** Where a Chromium that the system brought may be; `CHROMIUM` in the environment wins. */
const candidates = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The path of an installed Chromium or Chrome. */
export function findChromium(): string | undefined {
  return candidates.find((path) => path && existsSync(path));
}

const ARGUMENTS = [
  "--enable-unsafe-webgpu",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Headless, with WebGPU also where the adapter is a software one; or without WebGPU. */
export function launchChromium(
  executablePath: string,
  { webgpu = true }: { readonly webgpu?: boolean } = {},
): Promise<Browser> {
  const args = webgpu
    ? ARGUMENTS
    : [...ARGUMENTS.filter((one) => one !== "--enable-unsafe-webgpu"), "--disable-features=WebGPU"];
  return chromium.launch({ executablePath, args });
}

/** A browser that keeps in `folder` what it stores: launched again, it is the same one restarted. */
export function launchProfile(executablePath: string, folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath,
    args: ARGUMENTS,
    viewport: { width: 1440, height: 900 },
    colorScheme: "dark",
  });
}
