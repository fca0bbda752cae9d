#!/usr/bin/env node
/** Opens the editor: Vite's server and, where there is a screen, the browser on it. */
import { createServer } from "vite";

const screen = process.platform !== "linux" || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const server = await createServer({ server: { open: screen && !process.env.CI } });
await server.listen();
server.printUrls();
server.bindCLIShortcuts({ print: true });
