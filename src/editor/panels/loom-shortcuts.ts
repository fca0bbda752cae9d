import { css, html } from "lit";
import type { TemplateResult } from "lit";
import { LoomDialog } from "../dialog/loom-dialog.ts";
import { SHORTCUTS, showKeys } from "../shortcuts.ts";

const GROUPS = ["Run", "Add", "Edit", "View", "File"] as const;

const POINTER: readonly (readonly [string, string])[] = [
  ["Drag the canvas", "Move around"],
  ["Shift + drag the canvas", "Select with a frame"],
  ["Wheel or pinch", "Zoom"],
  ["Double-click the canvas", "Add a node"],
  ["Double-click a wire", "Put a corner into it"],
  ["Right-click", "What can be done here"],
  ["Drag from a socket", "Draw a wire; in empty space: add a node that fits"],
  ["Drag a wired input away", "Move or remove its wire"],
  ["Double-click a header", "Rename the node"],
  ["Drop a node on a wire", "Put it into the wire"],
  ["Drop a wire on Inputs or Outputs", "Give the subgraph a port"],
  ["Double-click a note", "Write in it"],
  ["Alt + drag a node", "Move it freely, without lining up"],
  ["Tab, Shift + Tab", "From node to node, and into their fields"],
  ["Long press", "What can be done here; on the canvas: add a node"],
  ["Drop a .json file", "Open a graph"],
];

/** The sheet of shortcuts, made from the one table that the keys come from. */
export class LoomShortcuts extends LoomDialog {
  static override styles = [
    LoomDialog.frame,
    css`
      h3 {
        margin: 14px 0 4px;
        color: var(--text-2);
        font: 600 var(--text-m) / 1.3 var(--font);
      }

      .columns {
        columns: 2 260px;
        column-gap: 36px;
        padding: 0 20px 20px;
      }

      section {
        break-inside: avoid;
      }

      dl {
        margin: 0;
      }

      dl > div {
        display: flex;
        justify-content: space-between;
        gap: 16px;
        padding: 4px 0;
        border-bottom: 1px solid var(--line);
      }

      dt {
        order: 1;
        flex: none;
        max-width: 60%;
        text-align: right;
      }

      dd {
        margin: 0;
        color: var(--text-2);
      }
    `,
  ];

  async open(): Promise<void> {
    await this.show();
  }

  protected override heading(): string {
    return "Keyboard and pointer";
  }

  protected override content(): TemplateResult {
    const mac = navigator.platform.startsWith("Mac");
    return html`<div class="columns">
      ${GROUPS.map(
        (group) =>
          html`<section>
            <h3>${group}</h3>
            <dl>
              ${SHORTCUTS.filter((shortcut) => shortcut.group === group && shortcut.title !== "").map(
                (shortcut) =>
                  html`<div>
                    <dt>${showKeys(shortcut.keys[0] ?? "", mac).map((key) => html`<kbd>${key}</kbd> `)}</dt>
                    <dd>${shortcut.title}</dd>
                  </div>`,
              )}
            </dl>
          </section>`,
      )}
      <section>
        <h3>Pointer</h3>
        <dl>
          ${POINTER.map(
            ([how, what]) =>
              html`<div>
                <dt>${how}</dt>
                <dd>${what}</dd>
              </div>`,
          )}
        </dl>
      </section>
    </div> `;
  }
}
