import { expect, test } from "vitest";
import { DownloadConsent, type DownloadAnswer } from "../../src/editor/models/consent.ts";
import type { Download, ModelsClient } from "../../src/editor/worker/models-client.ts";
import type { GraphDocument } from "../../src/engine/graph/document.ts";
import { describeNodes } from "../../src/nodes/describe.ts";

const NAME = "hf:org/model@main";
const graph: GraphDocument = {
  format: 1,
  nodes: { unet: { type: "model/load-unet", version: 1, params: { source: "hf:org/model" } } },
  edges: [],
};

/** A store that has `stored`, and tells what was done to it, in order. */
function client(stored: readonly string[] = []): ModelsClient & { readonly calls: string[] } {
  const calls: string[] = [];
  const told = (call: string): Promise<void> => Promise.resolve(void calls.push(call));
  return {
    calls,
    pending: async (needs): Promise<Download[]> => {
      await told("pending");
      return needs.filter(({ name }) => !stored.includes(name)).map(({ name }) => ({ name, host: "hub" }));
    },
    measure: async (needs): Promise<Download[]> => {
      await told("measure");
      return needs.map(({ name }) => ({ name, host: "hub", files: [] }));
    },
    allow: (names) => told(`allow ${names.join()}`),
    list: () => Promise.resolve([]),
    room: () => Promise.resolve(undefined),
    pin: () => told("pin"),
    remove: () => told("remove"),
    check: () => Promise.resolve([]),
    resume: () => told("resume"),
    stop: () => told("stop"),
  };
}

const answering = (answer: DownloadAnswer, asked: string[] = []) =>
  ((question) => {
    asked.push(...question.downloads.map(({ name }) => name));
    return Promise.resolve(answer);
  }) satisfies ConstructorParameters<typeof DownloadConsent>[2];

const persisted = (): Promise<boolean> => Promise.resolve(true);

test("a no allows nothing, and nobody was asked for anything", async () => {
  const models = client();
  const consent = new DownloadConsent(
    describeNodes(),
    models,
    answering({ agreed: false, remember: true }),
    persisted,
  );
  expect(await consent.agree(graph)).toBe(false);
  expect(models.calls).toEqual(["pending"]);
  expect(await consent.remembered()).toEqual([]);
});

test("a yes allows what was asked about; remembered, it is not asked again", async () => {
  const models = client();
  const asked: string[] = [];
  const consent = new DownloadConsent(
    describeNodes(),
    models,
    answering({ agreed: true, remember: true }, asked),
  );
  expect(await consent.agree(graph)).toBe(true);
  expect(await consent.agree(graph)).toBe(true);
  expect(asked).toEqual([NAME]);
  expect(models.calls).toEqual(["pending", `allow ${NAME}`, "pending", `allow ${NAME}`]);
});

test("not remembered, it is asked at each run until it is stored", async () => {
  const asked: string[] = [];
  const answer = answering({ agreed: true, remember: false }, asked);
  const consent = new DownloadConsent(describeNodes(), client(), answer, persisted);
  await consent.agree(graph);
  await consent.agree(graph);
  expect(asked.length).toBe(2);
  expect(await new DownloadConsent(describeNodes(), client([NAME]), answer, persisted).agree(graph)).toBe(
    true,
  );
  expect(asked.length).toBe(2);
});

test("a second Run while the question stands starts nothing", async () => {
  let reply: ((answer: DownloadAnswer) => void) | undefined;
  const consent = new DownloadConsent(
    describeNodes(),
    client(),
    () => new Promise((resolve) => (reply = resolve)),
  );
  const first = consent.agree(graph);
  expect(await consent.agree(graph)).toBe(false);
  await expect.poll(() => reply !== undefined).toBe(true);
  reply?.({ agreed: true, remember: false });
  expect(await first).toBe(true);
});
