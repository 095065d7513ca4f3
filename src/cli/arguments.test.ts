import { describe, expect, test } from "vitest";
import { type Flags, parseArguments, UsageError } from "./arguments.ts";

const FLAGS = {
  port: { type: "number", value: "PORT", env: true, help: "" },
  host: { type: "string", value: "ADDRESS", env: true, help: "" },
  header: { type: "string", multiple: true, help: "" },
  data: { type: "string", help: "" },
  quiet: { type: "boolean", env: true, help: "" },
  json: { type: "boolean", help: "" },
} as const satisfies Flags;

const parse = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => parseArguments(argv, FLAGS, env);
const refusal = (argv: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
  try {
    parse(argv, env);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("flags", () => {
  test("are read with their value apart or behind =, the last one winning", () => {
    const args = parse(["--port", "1", "--host=a", "--port=2"]);
    expect([args.number("port"), args.string("host")]).toEqual([2, "a"]);
  });

  test("that were not given are undefined, empty or false", () => {
    const args = parse([]);
    expect([args.number("port"), args.string("host"), args.strings("header"), args.boolean("json")]).toEqual([
      undefined,
      undefined,
      [],
      false,
    ]);
  });

  test("that may be repeated keep every value in order", () => {
    expect(parse(["--header", "a: 1", "--header", "b: 2"]).strings("header")).toEqual(["a: 1", "b: 2"]);
  });

  test("stand anywhere among the positionals", () => {
    const args = parse(["GET", "--quiet", "/pets", "--json"]);
    expect([args.positionals, args.boolean("quiet"), args.boolean("json")]).toEqual([["GET", "/pets"], true, true]);
  });

  test("may have a value that begins with a dash, and - for standard input", () => {
    expect(parse(["--data", "-"]).string("data")).toBe("-");
    expect(parse(["--data", "-1"]).string("data")).toBe("-1");
    expect(parse(["--data", "--- yaml"]).string("data")).toBe("--- yaml");
    expect(parse(["--data=--json"]).string("data")).toBe("--json");
  });

  test("end at --, which begins another program's arguments", () => {
    const args = parse(["api.yaml", "--quiet", "--", "npm", "test", "--", "--port", "x"]);
    expect([args.positionals, args.rest]).toEqual([["api.yaml"], ["npm", "test", "--", "--port", "x"]]);
  });

  test.each([
    ["an unknown one, with the one that was meant", ["--prot", "1"], "Unknown flag --prot. Did you mean --port?"],
    ["an unknown one", ["--zzzzzz"], "Unknown flag --zzzzzz. Run the command with --help for the list."],
    ["a name of Object.prototype", ["--constructor"], "Unknown flag --constructor."],
    ["one letter", ["-x"], "Unknown flag -x."],
    ["a missing value at the end", ["--host"], "--host needs a value: --host ADDRESS."],
    ["a flag where a value belongs", ["--host", "--quiet"], "--host needs a value: --host ADDRESS."],
    ["a flag with a value where a value belongs", ["--data", "--port=1"], "--data needs a value: --data VALUE."],
    ["a value where none belongs", ["--quiet=yes"], '--quiet takes no value, found "yes".'],
    ["a word where a number belongs", ["--port", "http"], '--port is "http", wanted a whole number.'],
    ["a negative number", ["--port=-1"], '--port is "-1", wanted a whole number.'],
    ["a number with a fraction", ["--port", "1.5"], '--port is "1.5", wanted a whole number.'],
    ["an empty number", ["--port="], '--port is "", wanted a whole number.'],
  ])("refuse %s", (_what, argv, message) => {
    expect(refusal(argv)).toContain(message);
  });
});

describe("the environment", () => {
  test("gives what flags do not, and a flag wins", () => {
    const env = { GATEWARDEN_PORT: "1", GATEWARDEN_HOST: "a", GATEWARDEN_DATA: "ignored", GATEWARDEN_QUIET: "true" };
    const args = parse(["--port", "2"], env);
    expect([args.number("port"), args.string("host"), args.string("data"), args.boolean("quiet")]).toEqual([
      2,
      "a",
      undefined,
      true,
    ]);
  });

  test.each(["0", "false"])("turns a switch off with %s", (value) => {
    expect(parse([], { GATEWARDEN_QUIET: value }).boolean("quiet")).toBe(false);
  });

  test.each([
    ["a switch that is neither on nor off", { GATEWARDEN_QUIET: "yes" }, 'GATEWARDEN_QUIET is "yes", wanted 1'],
    ["a switch that is empty", { GATEWARDEN_QUIET: "" }, 'GATEWARDEN_QUIET is "", wanted 1'],
    ["a number that is none", { GATEWARDEN_PORT: "x" }, 'GATEWARDEN_PORT is "x", wanted a whole number.'],
    ["text that is empty", { GATEWARDEN_HOST: "" }, "GATEWARDEN_HOST is empty: unset it or give it a value."],
  ])("refuses %s, naming the variable", (_what, env, message) => {
    expect(refusal([], env as Record<string, string>)).toContain(message);
  });
});
