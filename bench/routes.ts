/** Matching a route among 10, 1,000 and 10,000; and loading a document beside the YAML parser alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { ResourceTree } from "../src/execute-api/rest-api/resource-tree.ts";
import { readDocument } from "../src/template/document.ts";
import { loadOpenApi } from "../src/template/openapi/load-rest-api.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const COUNTS = [10, 1000, 10_000];
const MATCHES = 200_000;

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  return [...(await matching(quick)), ...(await loading(quick))];
}

async function matching(quick: boolean): Promise<Figure[]> {
  const contenders = COUNTS.map((count) => {
    const tree = new ResourceTree<number>();
    // Names of one length: comparing texts must cost the same at every size.
    const nameOf = (route: number): string => `/shop${10 + (route % 90)}/pets${100_000 + route}`;
    for (let route = 0; route < count; route++) tree.add(`${nameOf(route)}/{petId}/toys`, "GET", route);
    // The same number of different paths at every size, spread over all routes: only the tree differs.
    const paths = Array.from({ length: 10 }, (_, index) => {
      return `${nameOf(Math.floor((index * count) / 10))}/42/toys`;
    });
    const measureOne = (): number => {
      const began = process.hrtime.bigint();
      for (let index = 0; index < MATCHES; index++) {
        if (tree.match(paths[index % 10]!, "GET").outcome !== "matched") throw new Error("a route did not match");
      }
      return Number(process.hrtime.bigint() - began) / MATCHES;
    };
    return { name: `${count} routes`, measure: measureOne };
  });
  for (const contender of contenders) contender.measure();
  const samples = await takeTurns<number>(contenders, quick ? 5 : 21);
  return [
    ...contenders.map(
      ({ name }): Figure => ({ name: `match among ${name}`, unit: "ns", spread: spreadOf(samplesOf(samples, name)) }),
    ),
    {
      name: "10,000 routes ÷ 10",
      unit: "×",
      spread: spreadOf(ratios(samplesOf(samples, "10000 routes"), samplesOf(samples, "10 routes"))),
      must: { atMost: 1.2 },
    },
  ];
}

async function loading(quick: boolean): Promise<Figure[]> {
  const petstore = readFileSync(join(import.meta.dirname, "../examples/petstore/petstore.yaml"), "utf8");
  const many = ["openapi: 3.0.1", "info: { title: Many, version: '1' }", "paths:"];
  for (let route = 0; route < (quick ? 500 : 10_000); route++) {
    many.push(
      `  /pets${route}/{petId}:`,
      "    get:",
      "      parameters: [{ name: petId, in: path, required: true, schema: { type: string } }]",
      "      responses: { '200': { description: ok } }",
      "      x-amazon-apigateway-integration:",
      "        type: mock",
      "        requestTemplates: { application/json: '{\"statusCode\": 200}' }",
      "        responses: { default: { statusCode: '200' } }",
    );
  }
  const figures: Figure[] = [];
  for (const [name, text, repeat] of [
    ["petstore", petstore, 20],
    [quick ? "500 routes" : "10,000 routes", many.join("\n"), 1],
  ] as const) {
    const timed = (run: () => unknown) => (): number => {
      const began = process.hrtime.bigint();
      for (let index = 0; index < repeat; index++) run();
      return Number(process.hrtime.bigint() - began) / 1e6 / repeat;
    };
    const contenders = [
      { name: "parser", measure: timed(() => parseDocument(text, { uniqueKeys: false })) },
      {
        name: "load",
        measure: timed(() => {
          const document = readDocument("api.yaml", text);
          if (!document.ok || loadOpenApi(document.document, { apiId: "api" }).api === undefined)
            throw new Error("the document was refused");
        }),
      },
    ];
    for (const contender of contenders) contender.measure();
    const samples = await takeTurns<number>(contenders, quick ? 3 : 9);
    figures.push({
      name: `load ${name} ÷ YAML parser alone`,
      unit: "×",
      spread: spreadOf(ratios(samplesOf(samples, "load"), samplesOf(samples, "parser"))),
      must: { atMost: 2 },
    });
  }
  return figures;
}
