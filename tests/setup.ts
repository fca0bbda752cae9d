import fc from "fast-check";

/**
 * Property tests draw the same cases in every run, so that what was green stays green until the code changes. The slow tests draw new
 * ones each time; a failure prints its seed, and LOOM_SEED=<seed> repeats it.
 */
const seed = process.env["LOOM_SEED"];
fc.configureGlobal(seed === "random" ? {} : { seed: Number(seed ?? 20_261) });
