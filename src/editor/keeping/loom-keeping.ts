import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { GraphDocument } from "../../engine/graph/document.ts";
import { openGraphFile, openGraphText } from "../files/open-graph.ts";
import { fileNameOf, writeGraph } from "../files/read-graph.ts";
import { download } from "../files/transfer.ts";
import type { LoomHistory } from "../history/loom-history.ts";
import type { PictureHistory } from "../history/history.ts";
import { EMPTY_GRAPH } from "../library/keeper.ts";
import type { Keeper } from "../library/keeper.ts";
import type { LoomLibrary } from "../library/loom-library.ts";
import { saidStyles, saidView } from "../library/said.ts";
import type { Announcement } from "../library/said.ts";
import { workOffline } from "../offline/register.ts";
import type { RunControl } from "../run/run-control.ts";
import { graphOfLink } from "../share/link.ts";
import type { LinkAnswer, LoomLink } from "../share/loom-link.ts";
import type { LoomShare } from "../share/loom-share.ts";
import type { EditorSession } from "../store/session.ts";
import { controls } from "../theme/controls.ts";

const SAID_MS = 12_000;

/**
 * Everything about keeping and sharing: library, pictures, links, files, other tabs. Fires `notice` with words about what
 * could not be done, and `opened` when another graph is open.
 */
export class LoomKeeping extends LitElement {
  static override properties = {
    session: { attribute: false },
    control: { attribute: false },
    keeper: { attribute: false },
    history: { attribute: false },
    said: { state: true },
  };

  static override styles = [controls, saidStyles];

  declare session: EditorSession;
  declare control: RunControl;
  declare keeper: Keeper;
  declare history: PictureHistory;
  declare said: Announcement | undefined;
  #timer = 0;
  readonly #stop = new AbortController();

  constructor() {
    super();
    this.said = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { signal } = this.#stop;
    window.addEventListener("hashchange", () => this.#followLink(), { signal });
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "hidden") void this.keeper.flush();
      },
      { signal },
    );
    window.addEventListener("pagehide", () => void this.keeper.flush(), { signal });
    window.addEventListener(
      "beforeunload",
      (event) => {
        if (this.keeper.unsaved) event.preventDefault();
      },
      { signal },
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop.abort();
  }

  protected override firstUpdated(): void {
    void this.updateComplete.then(() => this.#followLink());
    workOffline((act) =>
      this.say({ text: "A newer version of Latent Loom is ready.", action: { label: "Reload", act } }),
    );
  }

  openLibrary(): void {
    void this.#part<LoomLibrary>("loom-library")?.open();
  }

  openHistory(): void {
    void this.#part<LoomHistory>("loom-history")?.open();
  }

  openShare(): void {
    void this.#part<LoomShare>("loom-share")?.open(this.session.store.root);
  }

  newGraph(): void {
    this.keeper.replace(EMPTY_GRAPH, "New graph", { draft: true });
  }

  saveFile(graph: GraphDocument = this.session.store.root): void {
    download(fileNameOf(graph), writeGraph(graph));
  }

  /** Opens a template: it is listed in the library once it is edited. */
  openTemplate(text: string, name: string): void {
    this.#open(name, () => {
      this.keeper.replace(openGraphText(text).document, `Open ${name}`, { draft: true });
    });
  }

  /** Opens a file that was chosen or dropped. What is open is kept, and stays open if the file holds no graph. */
  async openFile(file: File): Promise<void> {
    try {
      const { document, notes } = await openGraphFile(file);
      this.#open(file.name, () => this.keeper.replace(document, `Open ${file.name}`));
      if (notes.length > 0) this.say({ text: `Opened ${file.name}.\n${notes.join("\n")}` });
    } catch (error) {
      this.#refuse(file.name, error);
    }
  }

  say(announcement: Announcement): void {
    this.said = announcement;
    window.clearTimeout(this.#timer);
    if (!announcement.action) this.#timer = window.setTimeout(() => (this.said = undefined), SAID_MS);
  }

  protected override render(): TemplateResult {
    const { keeper, history } = this;
    const announce = (event: CustomEvent<Announcement>): void => this.say(event.detail);
    return html`<loom-library
        .keeper=${keeper}
        .said=${this.said}
        @said-done=${(): void => this.#saidDone()}
        @closed=${(): void => this.requestUpdate()}
        @announce=${announce}
        @new=${(): void => this.newGraph()}
        @download=${(event: CustomEvent<GraphDocument>): void => this.saveFile(event.detail)}
      ></loom-library>
      <loom-history
        .history=${history}
        .denied=${keeper.denied}
        .said=${this.said}
        @said-done=${(): void => this.#saidDone()}
        @closed=${(): void => this.requestUpdate()}
        @announce=${announce}
        @open-picture=${(event: CustomEvent<File>): void => void this.openFile(event.detail)}
      ></loom-history>
      <loom-share @save-file=${(): void => this.saveFile()}></loom-share>
      <loom-link
        @answer=${(event: CustomEvent<LinkAnswer>): void => this.#answerLink(event.detail)}
      ></loom-link>
      <loom-tabs .keeper=${keeper} @other=${(): void => this.openLibrary()}></loom-tabs>
      ${
        this.said && !this.#shows("loom-library") && !this.#shows("loom-history")
          ? saidView(this.said, (failure) => this.#saidDone(failure))
          : nothing
      }`;
  }

  /** A dialog that is open shows what was said itself: the page below it is inert. */
  #shows(name: string): boolean {
    return this.#part<LoomLibrary | LoomHistory>(name)?.isOpen === true;
  }

  #saidDone(failure?: unknown): void {
    this.said = undefined;
    if (failure !== undefined) this.#refuse("Undo", failure);
  }

  /** A link is read once and then taken out of the address: a reload must not ask again. */
  #followLink(): void {
    const { hash } = window.location;
    try {
      const graph = graphOfLink(hash);
      if (!graph) return;
      this.#clearHash();
      void this.#part<LoomLink>("loom-link")?.ask(graph);
    } catch (error) {
      this.#clearHash();
      this.#refuse("The link", error);
    }
  }

  #clearHash(): void {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  #answerLink({ document, run }: LinkAnswer): void {
    this.#open(document.name ?? "The link", () => {
      this.keeper.replace(document, "Open a link");
      if (run) void this.control.run();
    });
  }

  #open(name: string, open: () => void): void {
    try {
      open();
      this.dispatchEvent(new CustomEvent("opened"));
    } catch (error) {
      this.#refuse(name, error);
    }
  }

  #refuse(name: string, error: unknown): void {
    const detail = `${name} was not opened. ${error instanceof Error ? error.message : String(error)}`;
    this.dispatchEvent(new CustomEvent<string>("notice", { detail }));
  }

  #part<T extends HTMLElement>(name: string): T | null {
    return this.renderRoot.querySelector<T>(name);
  }
}
