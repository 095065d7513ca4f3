import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readTemplate } from "../cloudformation/read-template.ts";
import { SourceNode } from "../source-node.ts";
import { expandSam } from "./expand-sam.ts";

/*
 * The expansion must be what AWS's own translator gives (aws-sam-translator, https://pypi.org/project/aws-sam-translator/).
 * Its answers are committed beside the inputs, by version 1.110.0; where the package is found on this machine, it is
 * asked again. GATEWARDEN_SAM_TRANSLATOR names a folder that holds the package.
 */

const FIXTURES = join(import.meta.dirname, "fixtures");
const REGION = "us-east-1";
const INPUTS = globSync("*.yaml", { cwd: FIXTURES }).sort();

function expand(input: string): unknown {
  const file = join(FIXTURES, input);
  const read = readTemplate(file, readFileSync(file, "utf8"));
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const place = { region: REGION, accountId: "123456789012", partition: "aws", stackName: "shop" };
  const { document, findings } = expandSam(SourceNode.root(read.document), {
    parameters: {},
    place,
    baseFolder: FIXTURES,
  });
  const refusals = findings.filter(({ effect }) => effect === "load").map(({ message }) => message);
  return comparable(refusals.length > 0 ? { errors: refusals } : document.value);
}

function committedAnswer(input: string): unknown {
  return comparable(JSON.parse(readFileSync(join(FIXTURES, input.replace(/\.yaml$/, ".expected.json")), "utf8")));
}

/** Without what means nothing: the order of DependsOn and of refusals, and the hash that deployments are named by. */
function comparable(template: unknown): unknown {
  const text = JSON.stringify(template, (key, value) =>
    (key === "DependsOn" || key === "errors") && Array.isArray(value) ? [...value].sort() : value,
  );
  return JSON.parse(
    text
      .replace(/(Deployment)[0-9a-f]{10}(?=")/g, "$1<hash>")
      .replace(/(RestApi deployment id: )[0-9a-f]{40}/g, "$1<hash>"),
  );
}

describe("a SAM template becomes what AWS's translator makes of it", () => {
  test("there are inputs", () => expect(INPUTS.length).toBeGreaterThan(10));

  test.for(INPUTS)("%s, as committed", (input) => {
    expect(expand(input)).toEqual(committedAnswer(input));
  });

  test("all of them, as the translator on this machine says now", (ctx) => {
    const asked = askTranslator();
    if (typeof asked === "string") return ctx.skip(asked);
    for (const input of INPUTS) {
      const answer = asked[join(FIXTURES, input)];
      expect(expand(input), input).toEqual(comparable(answer?.template ?? answer));
    }
  });
});

type Answers = Record<string, { template?: unknown; errors?: readonly string[] }>;

/** The translator's answers by file; a text says why there are none. */
function askTranslator(): Answers | string {
  const given = process.env.GATEWARDEN_SAM_TRANSLATOR;
  const env = { ...process.env, ...(given && { PYTHONPATH: given }) };
  const reasons: string[] = [];
  for (const python of ["python3", "/usr/bin/python3"]) {
    const found = spawnSync(python, ["-c", "import samtranslator"], { env, encoding: "utf8" });
    if (found.status !== 0) {
      reasons.push(`${python}: ${(found.error?.message ?? found.stderr).trim().split("\n").at(-1)}`);
      continue;
    }
    const files = INPUTS.map((input) => join(FIXTURES, input));
    const run = spawnSync(python, [join(FIXTURES, "run-sam-translator.py"), REGION, ...files], {
      env,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    if (run.status !== 0) throw new Error(`${basename(python)} run-sam-translator.py: ${run.stderr.slice(-2000)}`);
    return JSON.parse(run.stdout) as Answers;
  }
  return `aws-sam-translator is not importable (${reasons.join("; ")}). Name its folder in GATEWARDEN_SAM_TRANSLATOR.`;
}
