import { initRuntime } from "/work/main/src/tensor/runtime.ts";
import { trainingCases, timeTrainingSteps } from "/work/main/bench/diffusion/training-step.ts";
const r = await initRuntime({ backend: (process.argv[2] ?? "wasm") as never });
for (const c of trainingCases) console.log(process.argv[2], c.name, (await timeTrainingSteps(c, { batch: Number(process.argv[3] ?? 128), steps: 2 })).map(Math.round));
process.exit(0);
