/** Object URLs of pictures by name, made once and given back. */
export interface PictureUrls {
  of(id: string, picture: Uint8Array | Blob): string;
  /** Gives back all but these. */
  keep(ids: Iterable<string>): void;
}

export function pictureUrls(): PictureUrls {
  const urls = new Map<string, { readonly url: string; readonly size: number }>();
  return {
    of(id, picture) {
      const blob = picture instanceof Blob ? picture : new Blob([picture as BlobPart], { type: "image/png" });
      const known = urls.get(id);
      if (known?.size === blob.size) return known.url;
      if (known) URL.revokeObjectURL(known.url);
      const url = URL.createObjectURL(blob);
      urls.set(id, { url, size: blob.size });
      return url;
    },
    keep(ids) {
      const kept = new Set(ids);
      for (const [id, { url }] of urls) {
        if (kept.has(id)) continue;
        URL.revokeObjectURL(url);
        urls.delete(id);
      }
    },
  };
}
