// Loads the handler named by argv[2], gives it the event in EVENT, prints the CPU time of the whole process in ms.
const [, , file] = process.argv;
if (file !== "nothing") {
  const module = await import(file);
  const handler = module.handler ?? module.default?.handler;
  const answer = await handler(JSON.parse(process.env.EVENT), {});
  if (answer?.policyDocument?.Statement?.[0]?.Effect !== "Allow") throw new Error(`refused: ${JSON.stringify(answer)}`);
}
const { user, system } = process.cpuUsage();
process.stdout.write(`cpu ${(user + system) / 1000}\n`);
process.exit();
