#!/usr/bin/env node
/**
 * Makes a fresh clone ready: installs the packages when they are missing or older than the lock file and, with
 * `--for-tests`, a Chromium and a software WebGPU adapter where the machine has none and lets us install them.
 * What could not be had is said in a line; the tests then skip by name what needs it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const say = (line) => console.log(`[setup] ${line}`);

function installPackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs - 1000) return;
  say("installing packages (once)");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const verb = existsSync(installed) ? "install" : "ci";
  execFileSync(npm, [verb, "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}

const CHROMIUM_PATHS = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
const LAVAPIPE = "/usr/share/vulkan/icd.d/lvp_icd.json";

const hasChromium = () => CHROMIUM_PATHS.some((path) => path && existsSync(path));
const hasVulkanGpu = () => existsSync("/dev/dri") || existsSync("/dev/nvidia0");

/** Lavapipe older than Mesa 23 is refused by Dawn, so its mere presence does not do. */
function hasUsableLavapipe() {
  if (!existsSync(LAVAPIPE)) return false;
  const query = spawnSync("dpkg-query", ["-W", "-f=${Version}", "mesa-vulkan-drivers"], { encoding: "utf8" });
  return query.status !== 0 || Number.parseInt(query.stdout, 10) >= 23;
}

function debianCodename() {
  try {
    const release = readFileSync("/etc/os-release", "utf8");
    return /^ID=debian$/m.test(release) ? (/^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] ?? null) : null;
  } catch {
    return null;
  }
}

const apt = (...words) =>
  spawnSync("apt-get", ["-q", "-y", ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

/** The machine's own Debian mirror, so that backports come from where it already gets its packages. */
function debianMirror() {
  for (const file of ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    const found =
      /^URIs:\s*(\S+\/debian\/?)\s*$/m.exec(text) ??
      /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian\/?)\s/m.exec(text);
    if (found) return found[1];
  }
  return null;
}

function installForTests() {
  const wantsChromium = !hasChromium();
  const wantsLavapipe = process.platform === "linux" && !hasUsableLavapipe() && !hasVulkanGpu();
  if (!wantsChromium && !wantsLavapipe) return;
  const codename = debianCodename();
  const root = process.getuid?.() === 0;
  if (!codename || !root) {
    if (wantsChromium) say("no Chromium found (set CHROMIUM_PATH): tests in a browser will be skipped");
    if (wantsLavapipe)
      say("no Vulkan device and no lavapipe (Mesa 23 or later): WebGPU tests will be skipped");
    return;
  }
  say("installing what the tests need from Debian (once)");
  apt("update");
  if (wantsChromium && !apt("install", "chromium"))
    say("Chromium could not be installed: tests in a browser will be skipped");
  if (wantsLavapipe && !installLavapipe(codename))
    say("lavapipe could not be installed: WebGPU tests will be skipped");
}

function installLavapipe(codename) {
  const packages = ["mesa-vulkan-drivers", "libvulkan1"];
  if (codename !== "bookworm") return apt("install", ...packages) && hasUsableLavapipe();
  const mirror = debianMirror();
  if (!mirror) return false;
  // Bookworm's own Mesa 22.3 is refused by Dawn; its backports have 25.
  const list = "/etc/apt/sources.list.d/latent-loom-backports.sources";
  if (!existsSync(list)) {
    mkdirSync(dirname(list), { recursive: true });
    writeFileSync(
      list,
      `Types: deb\nURIs: ${mirror}\nSuites: bookworm-backports\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
    );
  }
  return apt("update") && apt("install", "-t", "bookworm-backports", ...packages) && hasUsableLavapipe();
}

installPackages();
if (process.argv.includes("--for-tests")) installForTests();
