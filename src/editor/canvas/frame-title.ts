/** Opens a field over a frame's title. `done` is called once: with the title, or with undefined to keep the old one. */
export function editFrameTitle(
  root: ShadowRoot | HTMLElement,
  frame: string,
  origin: DOMRect,
  done: (title: string | undefined) => void,
): void {
  const title = root.querySelector<HTMLElement>(`[data-frame="${CSS.escape(frame)}"]`);
  const box = title?.getBoundingClientRect();
  if (!title || !box) return;
  const field = document.createElement("input");
  field.className = "frame-title";
  field.setAttribute("aria-label", "Title of the frame");
  field.value = title.textContent;
  field.style.transform = `translate(${box.left - origin.left}px, ${box.top - origin.top}px)`;
  let open = true;
  const close = (keep: boolean): void => {
    if (!open) return;
    open = false;
    field.remove();
    done(keep ? field.value.trim() : undefined);
  };
  field.addEventListener("blur", () => close(true));
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") close(event.key === "Enter");
  });
  root.append(field);
  field.select();
}
