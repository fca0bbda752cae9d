import { parseCommand, USAGE, UsageError } from "./args.ts";

/** Dawn's instance keeps Node alive after WebGPU was used, so every way out is an explicit exit. */
async function main(): Promise<number> {
  try {
    const command = parseCommand(process.argv.slice(2));
    switch (command.command) {
      case "help":
        console.log(USAGE);
        return 0;
      case "nodes":
        return (await import("./nodes-command.ts")).listNodes(command.json);
      case "validate":
        return await (await import("./validate-command.ts")).validateFile(command.graph);
      case "models":
        return await (await import("./models-command.ts")).runModels(command);
      case "plan":
        return await (await import("./plan-command.ts")).planFile(command);
      case "run":
        return await (await import("./run-command.ts")).runFile(command);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    console.error(`\n${USAGE}`);
    return 2;
  }
}

process.exitCode = await main();
// What went into a pipe is still on its way, and an exit would cut it off.
for (const stream of [process.stdout, process.stderr])
  await new Promise((resolve) => stream.write("", resolve));
process.exit();
