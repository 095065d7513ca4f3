/** Packs the product, installs the tarball into an empty folder and runs it there, without the source tree. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDemo, versionOf } from "./demo-checks.ts";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gatewarden-packed-"));
const run = (command: string, args: string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
try {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack left no tarball");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  run("npm", ["install", "--no-fund", "--no-audit", "--omit=dev", `./${tarball}`], folder);
  const bin = join(folder, "node_modules/gatewarden/bin/gatewarden.js");
  const version = run(process.execPath, [bin, "--version"], folder).trim();
  if (version !== versionOf(root)) throw new Error(`--version is ${version}`);
  const calls = await checkDemo(process.execPath, [bin, "demo"], folder);
  console.log(`packed demo: ${calls} curl lines answered`);
  writeFileSync(
    join(folder, "program.js"),
    `import { startGatewarden } from "gatewarden";
import { startPetsBackend } from "./node_modules/gatewarden/examples/petstore/backend.js";
const pets = await startPetsBackend(0);
const gateway = await startGatewarden({ config: "node_modules/gatewarden/examples/petstore/gatewarden.yaml", port: 0, stageVariables: { petstore: { petsBackend: pets.address } } });
const answer = await fetch(gateway.url("petstore") + "/pets", { headers: { authorization: "Bearer " + gateway.token({ scopes: ["read:pets"] }) } });
const refused = await fetch(gateway.url("petstore") + "/pets");
console.log(answer.status, (await answer.json()).length, refused.status, gateway.requests().length);
await gateway.stop();
await pets.stop();
`,
  );
  const printed = run(process.execPath, ["program.js"], folder).trim();
  if (printed !== "200 3 401 2") throw new Error(`startGatewarden from a program printed ${JSON.stringify(printed)}`);
  run(process.execPath, [bin, "authorizer", "bundle", "--out", "custom-authorizer.zip"], folder);
  const conformance = run(
    process.execPath,
    [join(root, "conformance/run.ts"), "--package", join(folder, "node_modules/gatewarden")],
    root,
  ).trim();
  console.log(conformance.split("\n").slice(-2).join("\n"));
  console.log(`packed program: ${printed}; bundle written`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
