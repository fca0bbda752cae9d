// Ten thousand damaged graph files in place of the fifteen hundred of every run.
process.env["LOOM_SLOW"] = "1";
await import("../editor/keeping/fuzz.test.ts");

export {};
