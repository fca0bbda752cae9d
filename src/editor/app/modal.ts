/** Whether a dialog stands over the page: keys are then about the dialog, also while nothing in it has the focus. */
export function hasModal(root: ParentNode): boolean {
  for (const { localName, shadowRoot } of root.querySelectorAll("*")) {
    if (!shadowRoot || localName === "loom-canvas") continue;
    if (shadowRoot.querySelector("dialog:modal") || hasModal(shadowRoot)) return true;
  }
  return false;
}
