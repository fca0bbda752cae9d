/**
 * Checkpoints from before diffusers 0.18 (google/ddpm-*, the first Stable Diffusion autoencoders) call the layers of their
 * attention blocks query, key, value and proj_attn.
 */
const CURRENT_NAMES: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** The current name of a parameter; names that are current already are returned as they are. */
export function currentAttentionName(name: string): string {
  return name.replace(
    /(^|\.)(query|key|value|proj_attn)\.(weight|bias)$/,
    (_, dot: string, old: string, parameter: string) => `${dot}${CURRENT_NAMES[old] ?? old}.${parameter}`,
  );
}
