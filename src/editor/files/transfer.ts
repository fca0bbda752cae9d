import type { LocalFile } from "../worker/engine-client.ts";

/** Hands a text or bytes to the person as a file. */
export function download(name: string, content: BlobPart, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Lets the person pick a file; undefined when they pick none. */
export function pickFile(accept: string): Promise<File | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = accept;
    input.addEventListener("change", () => resolve(input.files?.[0]));
    input.addEventListener("cancel", () => resolve(undefined));
    input.click();
  });
}

/** Lets the person pick a folder; its files with their paths, which begin with the folder's name. */
export function pickFolder(): Promise<LocalFile[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.webkitdirectory = true;
    input.addEventListener("change", () => {
      resolve([...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath, file })));
    });
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

/** Takes files that are dropped anywhere on the page. */
export function onDrop(
  target: HTMLElement,
  take: (file: File, event: DragEvent) => void,
  signal?: AbortSignal,
): void {
  const options = signal ? { signal } : {};
  target.addEventListener("dragover", (event) => event.preventDefault(), options);
  target.addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) take(file, event);
    },
    options,
  );
}
