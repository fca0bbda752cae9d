import { requestJson, type RemoteFile } from "./request.ts";

/** One file that a place lists. */
export interface ListedFile {
  readonly path: string;
  readonly size: number;
  /** Of large files; the Hub knows it before the first byte is fetched. */
  readonly sha256?: string;
}

/** A repository at one commit. */
export interface HubListing {
  /** The commit that the revision stood for when it was asked. */
  readonly commit: string;
  readonly files: readonly ListedFile[];
}

export interface HubRepo {
  readonly endpoint: string;
  readonly repo: string;
  readonly revision: string;
}

/** Where a repository's files are; without a trailing slash. */
export const hubBase = ({ endpoint, repo, revision }: HubRepo): string =>
  `${endpoint}/${repo}/resolve/${encodeURIComponent(revision)}`;

/**
 * Asks the Hub once what is in a repository, how large the files are, and which commit a branch stands for: then all files come
 * from the same commit, whatever happens to the branch meanwhile.
 *
 * @see https://huggingface.co/docs/hub/api (GET /api/models/{repo}/revision/{revision}?blobs=true)
 * @throws FetchError; "missing" also from a mirror that has files but no such interface.
 */
export async function listHubRepo(
  { endpoint, repo, revision }: HubRepo,
  file: Omit<RemoteFile, "url" | "name">,
  signal: AbortSignal | undefined,
): Promise<HubListing> {
  const url = `${endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const json = await requestJson({ ...file, url, name: `${repo}@${revision}` }, signal);
  const { sha, siblings } = json as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== "string" || !Array.isArray(siblings))
    throw new Error(`The list of files of "${repo}" is not what the Hub's usually is: no sha or siblings.`);
  const files = (siblings as Record<string, unknown>[]).flatMap((sibling): ListedFile[] => {
    const { rfilename: path, size, lfs } = sibling;
    if (typeof path !== "string" || typeof size !== "number") return [];
    const sha256 = (lfs as { sha256?: unknown } | null | undefined)?.sha256;
    return [{ path, size, ...(typeof sha256 === "string" && { sha256 }) }];
  });
  return { commit: sha, files };
}
