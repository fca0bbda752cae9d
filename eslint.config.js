import tseslint from "typescript-eslint";

/** tfjs calls that block or crash the WebGPU process: read with `await tensor.data()` instead. */
const blockingReads = ["dataSync", "arraySync"].map((name) => ({
  selector: `CallExpression > MemberExpression[property.name='${name}']`,
  message: `${name}() crashes on WebGPU: await data() or array() instead.`,
}));

export default tseslint.config(
  {
    ignores: [
      "dist",
      "node_modules",
      "bench/node_modules",
      "**/*.js",
      "**/*.mjs",
      "**/*.cjs",
      "tests/layers/planted",
    ],
  },
  ...tseslint.configs.strict,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/unified-signatures": "off",
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-syntax": ["error", ...blockingReads],
    },
  },
  {
    files: ["src/cli/**", "bench/**", "scripts/**", "tests/**"],
    rules: { "no-console": "off" },
  },
);
