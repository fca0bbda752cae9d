import { get, set } from "idb-keyval";
import type { GraphDocument } from "../../engine/graph/document.ts";
import type { RegistryDescription } from "../../engine/node/description.ts";
import { remoteNeeds } from "../../nodes/downloads/needs.ts";
import type { Download, ModelsClient, RemoteNeed } from "../worker/models-client.ts";

/** Where it is kept to which models the person agreed once and for all. */
const KEY = "latent-loom:agreed-downloads";

/** The question that a person answers: what, how much, from where. */
export interface DownloadQuestion {
  /** What is not wholly stored; sizes are absent where the place has not been asked yet. */
  readonly downloads: readonly Download[];
  /** Asks the places for the sizes: the person agreed to that much. */
  measure(): Promise<readonly Download[]>;
}

export interface DownloadAnswer {
  readonly agreed: boolean;
  /** Do not ask again for these models. */
  readonly remember: boolean;
}

export type AskPerson = (question: DownloadQuestion) => Promise<DownloadAnswer>;

/**
 * Nothing comes from the network before the person agreed: before a run it is found out what the graph would fetch, without asking
 * anyone but the store, and a graph that fetches nothing runs without a question.
 */
export class DownloadConsent {
  readonly #description: RegistryDescription;
  readonly #models: ModelsClient;
  readonly #ask: AskPerson;
  readonly #persist: () => Promise<unknown>;
  /** A private window keeps nothing; then it is remembered for as long as the page is open. */
  readonly #remembered = new Set<string>();
  #isAsking = false;

  /** @param persist Asks the browser to keep what is stored also when the disk runs full. */
  constructor(
    description: RegistryDescription,
    models: ModelsClient,
    ask: AskPerson,
    persist: () => Promise<unknown> = async () => navigator.storage.persist(),
  ) {
    this.#persist = persist;
    this.#description = description;
    this.#models = models;
    this.#ask = ask;
  }

  /** @returns Whether the graph may run: nothing is to be fetched, or the person agreed. */
  async agree(document: GraphDocument, only?: readonly string[]): Promise<boolean> {
    // A second press of Run while the question stands is no second question.
    if (this.#isAsking) return false;
    this.#isAsking = true;
    try {
      return await this.#agree(document, only);
    } finally {
      this.#isAsking = false;
    }
  }

  async #agree(document: GraphDocument, only: readonly string[] | undefined): Promise<boolean> {
    const needs = remoteNeeds(this.#description, document, only);
    if (needs.length === 0) return true;
    const pending = await this.#models.pending(needs);
    const remembered = new Set(await this.remembered());
    const open = pending.filter(({ name }) => !remembered.has(name));
    if (open.length > 0) {
      const asked = needsOf(needs, open);
      const answer = await this.#ask({ downloads: open, measure: () => this.#models.measure(asked) });
      if (!answer.agreed) return false;
      if (answer.remember) await this.#remember(open.map(({ name }) => name));
      // Without it the browser may throw gigabytes away when the disk runs full. A refusal changes nothing.
      void this.#persist().catch(() => undefined);
    }
    await this.#models.allow(needs.map(({ name }) => name));
    return true;
  }

  /** Models that are fetched without asking. */
  async remembered(): Promise<readonly string[]> {
    return [...new Set([...this.#remembered, ...(await readKept())])];
  }

  async #remember(names: readonly string[]): Promise<void> {
    for (const name of names) this.#remembered.add(name);
    const all = await this.remembered();
    try {
      await set(KEY, all);
    } catch {
      // Asked once more in the next session, then.
    }
  }
}

async function readKept(): Promise<readonly string[]> {
  try {
    return (await get<readonly string[]>(KEY)) ?? [];
  } catch {
    return [];
  }
}

const needsOf = (needs: readonly RemoteNeed[], open: readonly Download[]): RemoteNeed[] =>
  needs.filter(({ name }) => open.some((download) => download.name === name));
