/** Names of weights files by who writes them: diffusers, and transformers. */
const STEMS = ["diffusion_pytorch_model", "model"];
const TOKENIZER = [
  "vocab.json",
  "merges.txt",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
];
const PARTS = ["text_encoder", "unet", "vae"];

type Listing = ReadonlySet<string>;

/**
 * The files that a node will read of a repository, in the order of the loaders' own choice (whole before shards, full precision
 * before half). A person is asked about these, and no others are fetched.
 *
 * @param paths What the repository lists.
 * @param param The parameter that names the repository: a checkpoint's tokenizer comes from another one.
 */
export function neededFiles(
  paths: Iterable<string>,
  nodeType: string,
  param: string,
  params: Readonly<Record<string, unknown>>,
): string[] {
  const listing = new Set(paths);
  const subfolder = (fallback: string): string => {
    const value = params["subfolder"];
    return typeof value === "string" ? value : fallback;
  };
  const chosen = ((): string[] => {
    switch (nodeType) {
      case "model/load-unet":
        return component(listing, subfolder("unet"));
      case "model/load-vae":
        return component(listing, subfolder("vae"));
      case "model/load-text-encoder":
        return component(listing, subfolder("text_encoder"));
      case "model/load-tokenizer":
        return tokenizer(listing);
      case "control/load-controlnet":
        return component(listing, subfolder(""));
      case "model/load-depth-estimator":
        return [
          ...component(listing, subfolder("depth_estimator")),
          "feature_extractor/preprocessor_config.json",
          "preprocessor_config.json",
        ];
      case "sampling/load-noise-scheduler": {
        const folder = subfolder("scheduler");
        return [folder === "" ? "scheduler_config.json" : `${folder}/scheduler_config.json`];
      }
      case "adapters/lora": {
        const file = params["file"];
        return [typeof file === "string" && file !== "" ? file : "pytorch_lora_weights.safetensors"];
      }
      case "model/load-checkpoint":
        return param === "tokenizer" ? tokenizer(listing) : [];
      case "data/dataset":
        return [...listing];
      default:
        return pipeline(listing);
    }
  })();
  return [...new Set(chosen)].filter((path) => listing.has(path));
}

/** All parts of a pipeline; of a repository that holds one model, that model. */
export function pipeline(listing: Listing): string[] {
  const parts = PARTS.filter((part) => listing.has(`${part}/config.json`));
  return [
    "model_index.json",
    "scheduler/scheduler_config.json",
    ...(parts.length > 0 ? tokenizer(listing) : []),
    ...(parts.length > 0 ? parts : [""]).flatMap((part) => component(listing, part)),
  ].filter((path) => path !== "model_index.json");
}

function tokenizer(listing: Listing): string[] {
  const isNested = listing.has("tokenizer/vocab.json") || listing.has("tokenizer/tokenizer.json");
  return TOKENIZER.map((name) => (isNested ? `tokenizer/${name}` : name));
}

function component(listing: Listing, subfolder: string): string[] {
  const prefix = subfolder !== "" && listing.has(`${subfolder}/config.json`) ? `${subfolder}/` : "";
  const weights = STEMS.map((stem) => weightFiles(listing, prefix, stem)).find((files) => files.length > 0);
  return [`${prefix}config.json`, ...(weights ?? [])];
}

function weightFiles(listing: Listing, prefix: string, stem: string): string[] {
  const whole = [`${stem}.safetensors`, `${stem}.fp16.safetensors`].find((name) =>
    listing.has(prefix + name),
  );
  if (whole !== undefined) return [prefix + whole];
  for (const [index, shard] of [
    [`${stem}.safetensors.index.json`, /^-\d+-of-\d+\.safetensors$/],
    [`${stem}.safetensors.index.fp16.json`, /^(\.fp16)?-\d+-of-\d+(\.fp16)?\.safetensors$/],
  ] as const) {
    if (!listing.has(prefix + index)) continue;
    const start = prefix + stem;
    return [
      prefix + index,
      ...[...listing].filter((path) => path.startsWith(start) && shard.test(path.slice(start.length))),
    ];
  }
  return [];
}
