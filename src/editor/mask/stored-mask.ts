/** Whether a text is what the mask editor stores. Nothing else becomes the address of a picture on the page. */
export const isMaskUrl = (text: string): boolean => text.startsWith("data:image/png;base64,");

/** A stored mask as a picture; undefined when there is none, or it cannot be read. */
export async function pictureOf(url: string): Promise<HTMLImageElement | undefined> {
  if (!isMaskUrl(url)) return undefined;
  const image = new Image();
  image.src = url;
  return image.decode().then(
    () => image,
    () => undefined,
  );
}
