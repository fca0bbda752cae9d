/** Layers: tensor <- diffusion <- nodes; engine <- nodes; engine, nodes <- editor, cli. See ARCHITECTURE.md. */
const layer = (name) => `(^|/)src/${name}/`;
const forbid = (name, from, to, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "not-to-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "\\?(url|worker|raw|inline)|^virtual:|^latent-loom$" },
    },
    forbid(
      "tensor-is-the-floor",
      layer("tensor"),
      "(^|/)src/(diffusion|engine|nodes|editor|cli)/",
      "tensor knows nothing above it",
    ),
    forbid(
      "diffusion-knows-no-graph",
      layer("diffusion"),
      "(^|/)src/(engine|nodes|editor|cli)/",
      "diffusion imports tensor only",
    ),
    forbid(
      "engine-knows-no-model",
      layer("engine"),
      "(^|/)src/(tensor|diffusion|nodes|editor|cli)/",
      "the engine runs any nodes",
    ),
    forbid(
      "engine-imports-no-numerics",
      layer("engine"),
      "node_modules/@tensorflow",
      "the engine holds values it cannot read",
    ),
    forbid("nodes-have-no-view", layer("nodes"), "(^|/)src/(editor|cli)/", "nodes run headless"),
    forbid("cli-has-no-view", layer("cli"), layer("editor"), "the command line runs headless"),
    forbid("editor-is-the-top", layer("editor"), layer("cli"), "the page and the command line are siblings"),
    {
      name: "only-the-editor-draws",
      comment: "lit and the Rete view plugins belong to the page",
      severity: "error",
      from: { path: "(^|/)src/", pathNot: layer("editor") },
      to: {
        path: "node_modules/(lit|lit-html|@lit|rete-area-plugin)/",
      },
    },
    {
      name: "the-page-loads-no-numerics",
      comment: "tfjs and the weights live in the worker; the page knows metadata only",
      severity: "error",
      from: { path: layer("editor"), pathNot: "(^|/)src/editor/worker/" },
      to: {
        path: "node_modules/@tensorflow|(^|/)src/(tensor|diffusion)/",
        dependencyTypesNot: ["type-only"],
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
