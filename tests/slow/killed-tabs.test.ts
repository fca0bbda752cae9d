// A hundred kills in place of the six of every run.
process.env["LOOM_SLOW"] = "1";
await import("../e2e/killed.test.ts");

export {};
