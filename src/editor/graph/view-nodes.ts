type View = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is View =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The editor's part of a document without some nodes: they leave the frames and lists that name them. Else a new node
 * that happens to get a gone one's id would stand in its frame, or be folded.
 */
export function viewWithout(view: View, gone: ReadonlySet<string>): View {
  const keep = (list: unknown): unknown =>
    Array.isArray(list) && list.some((id) => gone.has(id as string))
      ? list.filter((id) => !gone.has(id as string))
      : list;
  const frames = isRecord(view["frames"]) ? view["frames"] : {};
  const changed: Record<string, unknown> = {};
  for (const [id, frame] of Object.entries(frames)) {
    if (!isRecord(frame)) continue;
    const nodes = keep(frame["nodes"]);
    if (nodes !== frame["nodes"]) changed[id] = { ...frame, nodes };
  }
  const folded = keep(view["folded"]);
  if (Object.keys(changed).length === 0 && folded === view["folded"]) return view;
  return {
    ...view,
    ...(folded === undefined ? {} : { folded }),
    ...(Object.keys(changed).length === 0 ? {} : { frames: { ...frames, ...changed } }),
  };
}
