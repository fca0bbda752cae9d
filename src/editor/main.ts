import description from "virtual:node-metadata";
import { defineElements } from "./elements.ts";
import type { LoomApp } from "./app/loom-app.ts";
import { readGraph } from "./files/read-graph.ts";
import { download } from "./files/transfer.ts";
import { firstTemplate } from "./files/templates.ts";
import { Catalog } from "./graph/catalog.ts";
import { startKeeping } from "./keeping/start-keeping.ts";
import { RunControl } from "./run/run-control.ts";
import { EditorSession } from "./store/session.ts";
import { installTokens } from "./theme/tokens.ts";
import { createWorkerClient } from "./worker/worker-client.ts";

async function start(): Promise<void> {
  installTokens(document);
  defineElements();
  const keeping = await startKeeping(async () => readGraph((await firstTemplate(location.search)).text));
  const app = document.createElement("loom-app") as LoomApp;
  app.session = new EditorSession(new Catalog(description), keeping.document);
  app.control = new RunControl(
    app.session,
    createWorkerClient({
      pageUrl: document.baseURI,
      onFile: ({ name, bytes }) => download(name, new Uint8Array(bytes), "application/octet-stream"),
    }),
  );
  keeping.attach(app);
  document.body.append(app);
}

void start();
