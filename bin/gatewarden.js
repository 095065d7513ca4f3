#!/usr/bin/env node
// Plain JavaScript on purpose: it must parse on a Node.js too old for the rest, to say so.
import { existsSync } from "node:fs";
import * as module from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `gatewarden: Node.js ${process.versions.node} is too old, 22.18 or newer is needed. Install a current Node.js (https://nodejs.org) and run the command again.\n`,
  );
  process.exit(3);
}

module.enableCompileCache?.();
// In a checkout the TypeScript source runs as it is; the published package holds only the built files.
const source = new URL("../src/cli/main.ts", import.meta.url);
const main = existsSync(source) ? source : new URL("../dist/cli/main.js", import.meta.url);
const { run } = await import(main.href);
process.exitCode = await run(process.argv.slice(2));
