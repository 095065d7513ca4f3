/**
 * `npm run bench [-- NAME…] [-- --quick]`: runs the benchmarks, prints a table with what each figure must reach, and
 * writes results/ as JSON. Exits 1 when a figure misses. The peers come from this folder's own lock file:
 * `npm --prefix bench ci` first. Each benchmark has a process of its own: matching the same routes took between half and
 * twice the time after other benchmarks had used the heap.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { type Benchmark, type Figure, hasPassed } from "./measurement.ts";

const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly measure: Benchmark }>>> = {
  verification: () => import("./verification.ts"),
  requests: () => import("./requests.ts"),
  "http-api": () => import("./http-api.ts"),
  authorizer: () => import("./authorizer.ts"),
  start: () => import("./start.ts"),
  routes: () => import("./routes.ts"),
  templates: () => import("./templates.ts"),
  issuer: () => import("./issuer.ts"),
  throttling: () => import("./throttling.ts"),
  policies: () => import("./policies.ts"),
  signatures: () => import("./signatures.ts"),
};

const quick = process.argv.includes("--quick");
if (process.send !== undefined) {
  const { measure } = await BENCHMARKS[process.argv[2]!]!();
  process.send?.(await measure({ quick }));
  process.disconnect?.();
  process.exit();
}
const names = process.argv.slice(2).filter((each) => !each.startsWith("--"));
const unknown = names.filter((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(", ")}; there are ${Object.keys(BENCHMARKS).join(", ")}.`);
  process.exit(2);
}
const results: Record<string, readonly Figure[]> = {};
for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
  const figures = await measureApart(name);
  results[name] = figures;
  console.log(`\n${name}`);
  for (const figure of figures) console.log(row(figure));
}
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, quick };
mkdirSync(join(import.meta.dirname, "results"), { recursive: true });
writeFileSync(
  join(import.meta.dirname, "results", `${Date.now()}.json`),
  JSON.stringify({ machine, results }, null, 2),
);
const missed = Object.values(results)
  .flat()
  .filter((figure) => hasPassed(figure) === false);
console.log(
  `\n${machine.node}, ${machine.cores} × ${machine.cpu}${quick ? ", quick: not to be quoted" : ""}; ${missed.length} missed`,
);
process.exitCode = missed.length > 0 ? 1 : 0;

/** Throws when the benchmark ends without figures; its error is on the terminal then. */
async function measureApart(name: string): Promise<readonly Figure[]> {
  const child = fork(import.meta.filename, [name, ...(quick ? ["--quick"] : [])]);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with exit code ${code}`);
  });
  const [figures] = await Promise.race([once(child, "message"), ended]);
  return figures as readonly Figure[];
}

function row(figure: Figure): string {
  const { name, unit, spread, must, note } = figure;
  const passed = hasPassed(figure);
  const wanted = must === undefined ? "" : "atLeast" in must ? `≥ ${must.atLeast}` : `≤ ${must.atMost}`;
  const verdict = passed === undefined ? "" : passed ? "reached" : "MISSED";
  return `  ${name.padEnd(52)}${text(spread.median).padStart(10)} ${unit.padEnd(11)}${`(${text(spread.min)}–${text(spread.max)})`.padEnd(20)}${wanted.padEnd(9)}${verdict.padEnd(8)}${note ?? ""}`.trimEnd();
}

function text(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
