import { describeEphemeral } from "./ephemeral-contract.ts";
import { createMemoryEphemeral } from "./memory-ephemeral.ts";

describeEphemeral("memory", async (options) => createMemoryEphemeral(options));
