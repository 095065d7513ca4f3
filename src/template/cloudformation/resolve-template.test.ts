import { describe, expect, test } from "vitest";
import { TEST_PLACE } from "../fixtures/plain-stack.ts";
import { MAX_FOR_EACH_MEMBERS, MAX_LOOP_MEMBERS } from "./for-each.ts";
import { MAX_INCLUDES } from "./include.ts";
import { readTemplate } from "./read-template.ts";
import { createReferenceValues } from "./reference-values.ts";
import { MAX_NESTING, MAX_RESOURCES, resolveTemplate } from "./resolve-template.ts";
import type { ResolveTemplateOptions } from "./stack-readers.ts";

function resolve(text: string, given: Partial<ResolveTemplateOptions> = {}) {
  const read = readTemplate("/project/template.yaml", text);
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  const stack = resolveTemplate(read.document, {
    place: TEST_PLACE,
    parameters: {},
    referenceValues: createReferenceValues(TEST_PLACE),
    readFile: () => undefined,
    ...given,
  });
  const found = stack.findings.map(({ at, effect, message }) => `${at.line}:${at.column} ${effect} ${message}`);
  return { ...stack, found };
}

const HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\n';
const TABLE = "  Table: { Type: AWS::DynamoDB::Table }\n  Api: { Type: AWS::ApiGatewayV2::Api }\n";

/** The value of one property, written in YAML, in a stack with a table and what else is given. */
function valueOf(yaml: string, more = "", given: Partial<ResolveTemplateOptions> = {}) {
  const { resources, found } = resolve(
    `${HEAD}${more}Resources:\n${TABLE}  Thing:\n    Type: AWS::SNS::Topic\n    Properties:\n      P: ${yaml}\n`,
    given,
  );
  const properties = resources.find(({ logicalId }) => logicalId === "Thing")?.properties.value;
  return { value: JSON.parse(JSON.stringify(properties)).P, found };
}

const PARAMETERS =
  "Parameters:\n  Name: { Type: String, Default: blue }\n  List: { Type: CommaDelimitedList, Default: 'a, b' }\n";
const CONDITIONS = "Conditions:\n  Yes: !Equals [a, a]\n  No: !Not [!Condition Yes]\n";
const MAPPINGS = "Mappings:\n  M: { eu-west-1: { size: 7 } }\n";

describe("an access key is made when the project is served", () => {
  const KEY = "  Key: { Type: AWS::IAM::AccessKey, Properties: { UserName: clerk } }\n";
  test.each([
    ["!Ref Key", { "Unresolved::Ref": "Key" }],
    ["!GetAtt Key.SecretAccessKey", { "Unresolved::Fn::GetAtt": ["Key", "SecretAccessKey"] }],
    ["!Sub 'id ${Key}'", { "Unresolved::Ref": "Key" }],
    ["!Join [':', [!Ref Key, !GetAtt Key.SecretAccessKey]]", { "Unresolved::Ref": "Key" }],
  ])("so %s is no text, and nothing is wrong with it", (yaml, expected) => {
    const text = `${HEAD}Resources:\n${KEY}  Thing: { Type: AWS::SNS::Topic, Properties: { P: ${yaml} } }\n`;
    const { resources, found } = resolve(text);
    expect(found).toEqual([]);
    expect(JSON.parse(JSON.stringify(resources[1]?.properties.value))).toEqual({ P: expected });
  });

  test("and an attribute it does not have is one that is wrong", () => {
    const text = `${HEAD}Resources:\n${KEY}  Thing: { Type: AWS::SNS::Topic, Properties: { P: !GetAtt Key.Id } }\n`;
    expect(resolve(text).found).toEqual([expect.stringContaining('has no attribute "Id"')]);
  });
});

describe("functions, in their short and their long form", () => {
  test.each([
    ["!Ref Name", "{Ref: Name}", "blue"],
    ["!Ref List", "{Ref: List}", ["a", "b"]],
    ["!Ref Table", "{Ref: Table}", expect.stringContaining("Table")],
    ["!Ref AWS::Region", '{Ref: "AWS::Region"}', "eu-west-1"],
    ["!GetAtt Table.Arn", '{"Fn::GetAtt": [Table, Arn]}', expect.stringMatching(/^arn:aws:dynamodb:/)],
    [
      "!Sub 'x-${Name}-${AWS::AccountId}-${!Literal}'",
      '{"Fn::Sub": "x-${Name}-${AWS::AccountId}-${!Literal}"}',
      "x-blue-123456789012-${Literal}",
    ],
    ["!Sub ['${A}/${Name}', {A: !Ref Name}]", '{"Fn::Sub": ["${A}/${Name}", {A: {Ref: Name}}]}', "blue/blue"],
    ["!Sub '${Table.Arn}/x'", '{"Fn::Sub": "${Table.Arn}/x"}', expect.stringMatching(/^arn:aws:dynamodb:.*\/x$/)],
    ["!Join ['-', [a, !Ref Name, 5]]", '{"Fn::Join": ["-", [a, {Ref: Name}, 5]]}', "a-blue-5"],
    ["!Select [1, !Ref List]", '{"Fn::Select": [1, {Ref: List}]}', "b"],
    ["!Split [',', 'a,b']", '{"Fn::Split": [",", "a,b"]}', ["a", "b"]],
    ["!If [Yes, a, b]", '{"Fn::If": [Yes, a, b]}', "a"],
    ["!If [No, a, b]", '{"Fn::If": [No, a, b]}', "b"],
    ["!FindInMap [M, !Ref AWS::Region, size]", '{"Fn::FindInMap": [M, {Ref: "AWS::Region"}, size]}', 7],
    ["!FindInMap [M, none, size, {DefaultValue: 1}]", '{"Fn::FindInMap": [M, none, size, {DefaultValue: 1}]}', 1],
    ["!ImportValue shared", '{"Fn::ImportValue": shared}', "imported"],
    ["!Base64 hello", '{"Fn::Base64": hello}', "aGVsbG8="],
    ["!Cidr [10.0.0.0/16, 2, 8]", '{"Fn::Cidr": [10.0.0.0/16, 2, 8]}', ["10.0.0.0/24", "10.0.1.0/24"]],
    ["!GetAZs ''", '{"Fn::GetAZs": ""}', ["eu-west-1a", "eu-west-1b", "eu-west-1c"]],
    ["!ToJsonString {a: !Ref Name}", '{"Fn::ToJsonString": {a: {Ref: Name}}}', '{"a":"blue"}'],
    ["!Length [1, 2]", '{"Fn::Length": [1, 2]}', 2],
  ])("%s", (short, long, expected) => {
    const given = { exports: { shared: "imported" } };
    for (const yaml of [short, long]) {
      const { value, found } = valueOf(yaml, PARAMETERS + CONDITIONS + MAPPINGS, given);
      expect(found).toEqual([]);
      expect(value).toEqual(expected);
    }
  });

  test("AWS::NoValue takes its member or item away", () => {
    expect(
      valueOf("{a: 1, b: !Ref AWS::NoValue, c: [1, !If [No, 2, !Ref AWS::NoValue], 3]}", CONDITIONS).value,
    ).toEqual({
      a: 1,
      c: [1, 3],
    });
  });

  test("a policy's Condition is no function", () => {
    const yaml = "{Statement: [{Effect: Allow, Condition: {StringEquals: {a: !Ref AWS::Region}}}]}";
    expect(valueOf(yaml)).toEqual({
      value: { Statement: [{ Effect: "Allow", Condition: { StringEquals: { a: "eu-west-1" } } }] },
      found: [],
    });
  });
});

describe("what cannot be resolved is found at its place, and never text", () => {
  test.each([
    ["!Ref Tabel", '"Tabel" is no parameter or resource of this template.'],
    ["!GetAtt Api.Nothing", 'The resource Api has no attribute "Nothing".'],
    ["!Sub 'x-${Nothing}'", '"Nothing" is no parameter or resource of this template.'],
    ["!ImportValue nothing", 'Nothing exports "nothing" here.'],
    ["!Join [a]", "Fn::Join is given a list, wanted [separator, [values]]."],
    ["!Select [9, [a]]", "Fn::Select is given a list, wanted an index of 0 to 0."],
    ["!FindInMap [M, x, y]", "There is no M → x → y in Mappings."],
    ["!Split ['', a]", "Fn::Split is given a list, wanted [separator, text]."],
    ['{"Fn::Nothing": x}', "The function Fn::Nothing is not known."],
    ["{a: 1, Ref: Table}", "The function Ref stands beside other keys in one mapping."],
    ["!Cidr [x, 1, 1]", "Fn::Cidr is given a list, wanted [IPv4 block, count of 1 to 256, bits]."],
    ["!ToJsonString {a: [!ImportValue nothing]}", 'Nothing exports "nothing" here.'],
    ["!Sub ['${List}', {List: [a]}]", "Fn::Sub is given a list, wanted names whose values are text."],
  ])("%s", (yaml, message) => {
    const { value, found } = valueOf(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^8:\d+ none /);
    expect(found[0]).toContain(message);
    expect(JSON.stringify(value)).toContain("Unresolved::");
  });

  test.each(["!Ref Issuer", "!Sub 'x-${Issuer}'"])("%s, a parameter without a value, which is told once", (yaml) => {
    const { value, found } = valueOf(yaml, "Parameters:\n  Issuer: { Type: String }\n");
    expect(found).toEqual([expect.stringContaining("The parameter Issuer (String) has no value and no default.")]);
    expect(JSON.stringify(value)).toContain("Unresolved::");
  });

  test.each(["!Ref Gone", "!GetAtt Gone.Arn", "!Sub 'x-${Gone.Arn}'"])("%s, whose condition does not hold", (yaml) => {
    const gone = `Resources:\n  Gone: { Type: AWS::SQS::Queue, Condition: No }\n  T: { Type: A::B::C, Properties: { P: ${yaml} } }\n`;
    const { resources, found } = resolve(HEAD + CONDITIONS + gone);
    expect(found).toEqual([
      expect.stringMatching(/^7:\d+ none The resource Gone does not exist: its condition does not hold\.$/),
    ]);
    expect(JSON.stringify(resources[0]?.properties.value)).toContain("Unresolved::");
    const guarded = gone.replace(yaml, `!If [No, ${yaml}, x]`);
    expect(resolve(HEAD + CONDITIONS + guarded).found).toEqual([]);
  });

  test("functions nested beyond the bound", () => {
    const yaml = `${'{"Fn::Base64": '.repeat(MAX_NESTING + 1)}x${"}".repeat(MAX_NESTING + 1)}`;
    expect(JSON.stringify(valueOf(yaml).value)).toContain("Unresolved::");
  });
});

describe("what decides what exists stops the load", () => {
  const thing = (condition: string) =>
    `${HEAD}Conditions:\n  C: ${condition}\nResources:\n  T: { Type: "A::B::C", Condition: C }\n`;
  test.each([
    ["an unknown condition", thing("!Condition D"), '"D" is not defined'],
    [
      "a circle",
      `${HEAD}Conditions:\n  C: !Condition D\n  D: !Not [!Condition C]\nResources:\n  T: { Type: "A::B::C", Condition: C }\n`,
      "C → D → C",
    ],
    ["no function", thing("true"), "wanted one condition function"],
    ["Equals of three", thing("!Equals [a, b, c]"), "has 3 values"],
    ["And of one", thing("!And [!Equals [a, a]]"), "has 1 conditions"],
    ["a resource without type", `${HEAD}Resources:\n  T: { Properties: {} }\n`, "wanted one such as"],
    [
      "resources in a circle",
      `${HEAD}Resources:\n  A: { Type: "AWS::SQS::Queue", Properties: { QueueName: !Ref B } }\n  B: { Type: "AWS::SQS::Queue", Properties: { QueueName: !Ref A } }\n`,
      "in a circle",
    ],
    [
      "a macro",
      `${HEAD}Resources:\n  T: { Type: "A::B::C", Properties: { P: { "Fn::Transform": { Name: Mine } } } }\n`,
      'The macro "Mine"',
    ],
    [
      "an include that is not there",
      `${HEAD}Resources:\n  T: { Type: "A::B::C", Properties: { "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: x.yaml } } } }\n`,
      "/project/x.yaml",
    ],
    [
      "an include that is no mapping where its keys are wanted",
      `${HEAD}Resources:\n  T: { Type: "A::B::C", Properties: { A: 1, "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: text.yaml } } } }\n`,
      "wanted a mapping",
    ],
    [
      "an include beside a type",
      `${HEAD}Resources:\n  T: { Type: "A::B::C", "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: more.yaml } } }\n`,
      '"Fn::Transform" beside its Type',
    ],
    [
      "a misspelt condition of a resource",
      `${HEAD}Resources:\n  T: { Type: "A::B::C", Conditon: C }\n`,
      '"Conditon" beside its Type',
    ],
    [
      "an unknown attribute of a part of an API",
      `${HEAD}Resources:\n  T: { Type: "AWS::ApiGatewayV2::Route", If: C }\n`,
      '"If" beside its Type',
    ],
    ["a comparison with an import that is not there", thing("!Equals [!ImportValue x, a]"), "cannot be resolved"],
    ["a comparison with part of a text", thing('!Equals [!Sub "${AWS::NoValue}", ""]'), "cannot be resolved"],
    ["a comparison with nothing", thing("!Equals [!Ref AWS::NoValue, a]"), "cannot be resolved"],
    [
      "a comparison with a list",
      `Parameters:\n  L: { Type: CommaDelimitedList, Default: a }\n${thing("!Equals [!Ref L, a]")}`,
      "compares a list",
    ],
    ["a comparison with null", thing("!Equals [null, a]"), "compares nothing"],
    ["a comparison with a resource", thing("!Equals [!Ref T, T]"), "compares the resource T"],
    ["a comparison with an attribute", thing('!Equals [!Sub "${T.Enabled}", true]'), "compares the resource T"],
    [
      "a comparison with a parameter that stands in SSM",
      `Parameters:\n  P: { Type: "AWS::SSM::Parameter::Value<String>", Default: /auth }\n${thing("!Equals [!Ref P, off]")}`,
      "compares the parameter P",
    ],
    [
      "a loop over text",
      `${HEAD}Resources:\n  "Fn::ForEach::L": [X, abc, {"T\${X}": {Type: "A::B::C"}}]\n`,
      "wanted a list of text",
    ],
  ])("%s", (_, text, message) => {
    const { found } = resolve(text, { readFile: (file) => (file === "/project/text.yaml" ? "text" : undefined) });
    expect(found.find((each) => each.includes(" load "))).toContain(message);
  });

  test("a parameter of SSM decides once its value is given", () => {
    const parameters = 'Parameters:\n  P: { Type: "AWS::SSM::Parameter::Value<String>", Default: /auth }\n';
    const { resources, found } = resolve(parameters + thing("!Equals [!Ref P, on]"), { parameters: { P: "on" } });
    expect(found).toEqual([]);
    expect(resources).toHaveLength(1);
  });
});

describe("parameters", () => {
  const one = (definition: string, value?: string) =>
    resolve(
      `${HEAD}Parameters:\n  P: ${definition}\nResources:\n  T: { Type: "A::B::C", Properties: { V: !Ref P } }\n`,
      value === undefined ? {} : { parameters: { P: value } },
    );
  const resolvedTo = (definition: string, value?: string) => {
    const { resources, found } = one(definition, value);
    expect(found.filter((each) => each.includes(" load "))).toEqual([]);
    return JSON.parse(JSON.stringify(resources[0]?.properties.value)).V;
  };

  test.each([
    ["a misspelt constraint", "{Type: String, AllowedValue: [JWT]}", "CloudFormation does not know"],
    ["allowed values that are no list", "{Type: String, AllowedValues: JWT}", "wanted one of AllowedValues"],
  ])("%s does not let any value through", (_, definition, message) => {
    expect(one(definition, "NONE").found[0]).toContain(message);
  });

  test("take what is given, else the default; lists become lists", () => {
    expect(resolvedTo("{Type: String, Default: a}")).toBe("a");
    expect(resolvedTo("{Type: String, Default: a}", "b")).toBe("b");
    expect(resolvedTo("{Type: Number, Default: 5}")).toBe("5");
    expect(resolvedTo("{Type: 'List<Number>'}", "1, 2")).toEqual(["1", "2"]);
    expect(resolvedTo("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1")).toBe("vpc-1");
    expect(resolvedTo("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}")).toBe("/a/b");
  });

  test.each([
    ["{Type: String}", undefined, "has no value and no default"],
    ["{Type: Sting}", "x", "has the type"],
    ["{Type: Number}", "x", "wanted a number"],
    ["{Type: Number, MinValue: 3}", "2", "wanted at least 3"],
    ["{Type: Number, MaxValue: 3}", "4", "wanted at most 3"],
    ["{Type: String, MinLength: 2}", "x", "wanted at least 2 characters"],
    ["{Type: String, MaxLength: 2}", "xxx", "wanted at most 2 characters"],
    ["{Type: String, AllowedValues: [a, b]}", "c", "wanted one of a, b"],
    [
      "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters}",
      "A",
      "text that matches [a-z]+ (small letters)",
    ],
  ])("%s given %s stops the load: %s", (definition, value, message) => {
    const { found } = one(definition, value);
    expect(found[0]).toMatch(/ load /);
    expect(found[0]).toContain(message);
  });

  test("a secret is not shown, one that the template does not have is only told", () => {
    for (const noEcho of ["true", '"true"', "yes", "1"]) {
      const { found } = one(`{Type: String, NoEcho: ${noEcho}, MaxLength: 1}`, "secret");
      expect(found.join()).toContain("load");
      expect(found.join()).not.toContain("secret");
    }
    const { findings } = resolve(`${HEAD}Resources:\n${TABLE}`, { parameters: { Tabel: "x" } });
    expect(findings).toMatchObject([{ rule: "parameter-unknown", severity: "warning" }]);
  });
});

test("loops make resources, properties and outputs, also inside each other", () => {
  const { resources, outputs, found } = resolve(`${HEAD}
Resources:
  "Fn::ForEach::Outer":
    - A
    - [x, y-z]
    - "Fn::ForEach::Inner":
        - B
        - ["1", "2"]
        - "Queue&{A}\${B}":
            Type: AWS::SQS::Queue
            Properties:
              QueueName: !Sub "\${A}-\${B}"
              "Fn::ForEach::Tags": [T, [p, q], {"Key\${T}": !Ref T}]
Outputs:
  "Fn::ForEach::Out": [A, [x], {"Out\${A}": {Value: !Ref A}}]
`);
  expect(found).toEqual([]);
  expect(resources.map(({ logicalId, properties }) => [logicalId, properties.get("QueueName")?.value])).toEqual([
    ["Queuex1", "x-1"],
    ["Queuex2", "x-2"],
    ["Queueyz1", "y-z-1"],
    ["Queueyz2", "y-z-2"],
  ]);
  expect(resources[0]?.properties.get("Keyp")?.value).toBe("p");
  expect(outputs).toEqual({ Outx: "x" });
});

test("a loop that makes too many members stops the load", () => {
  const values = Array.from({ length: MAX_FOR_EACH_MEMBERS + 1 }, (_, at) => `v${at}`).join(", ");
  const { found } = resolve(`${HEAD}Resources:\n  "Fn::ForEach::L": [X, [${values}], {"T\${X}": {Type: "A::B::C"}}]\n`);
  expect(found[0]).toContain(`more than ${MAX_FOR_EACH_MEMBERS} members`);
});

test("loops inside loops stop the load before they multiply, and are told once", () => {
  const values = Array.from({ length: 100 }, (_, at) => `v${at}`).join(", ");
  const loop = (depth: number): string =>
    depth === 0 ? "x" : `{"Fn::ForEach::L${depth}": [V${depth}, [${values}], {"K\${V${depth}}": ${loop(depth - 1)}}]}`;
  const { found } = resolve(`${HEAD}Resources:\n  T: { Type: A::B::C, Properties: ${loop(4)} }\n`);
  expect(found).toEqual([expect.stringContaining(`more than ${MAX_LOOP_MEMBERS} members`)]);
});

test("an attribute that is asked for twice at every step of a long chain is worked out once", () => {
  const links = Array.from({ length: 30 }, (_, at) => {
    const next = `!GetAtt P${at + 1}.Value`;
    return `  P${at}: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Select [0, [${next}, ${next}]] } }\n`;
  });
  const last = "  P30: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: x } }\n";
  const { resources, found } = resolve(`${HEAD}Resources:\n${links.join("")}${last}`);
  expect(found).toEqual([]);
  expect(resources[0]?.properties.get("Value")?.value).toBe("x");
});

test("resources and outputs whose condition does not hold are not there, places are those of what was written", () => {
  const { resources, outputs } = resolve(`${HEAD}${CONDITIONS}${PARAMETERS}Resources:
  Gone: { Type: A::B::C, Condition: No }
  Here:
    Type: A::B::C
    Condition: Yes
    Properties:
      Name: !Sub "\${Name}"
      List:
        - !If [No, x, !Ref Name]
Outputs:
  Gone: { Condition: No, Value: x }
  Here: { Condition: Yes, Value: !Ref Name }
`);
  expect(resources.map(({ logicalId }) => logicalId)).toEqual(["Here"]);
  expect(outputs).toEqual({ Here: "blue" });
  const properties = resources[0]?.properties;
  expect(properties?.get("Name")?.at()).toMatchObject({ file: "/project/template.yaml", line: 14 });
  expect(properties?.get("List")?.items()[0]?.at()).toMatchObject({ line: 16 });
});

test("an included file is part of the template, its places are its own, and it is watched", () => {
  const { resources, files } = resolve(
    `${HEAD}Resources:\n  T:\n    Type: A::B::C\n    Properties:\n      A: 1\n      "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: more.yaml } }\n`,
    { readFile: (file) => (file === "/project/more.yaml" ? "B: !Ref AWS::Region\n" : undefined) },
  );
  expect(JSON.parse(JSON.stringify(resources[0]?.properties.value))).toEqual({ A: 1, B: "eu-west-1" });
  expect(resources[0]?.properties.get("B")?.at().file).toBe("/project/more.yaml");
  expect(files).toEqual(["/project/more.yaml"]);
});

test("a file that includes itself stops the load, however often it does", () => {
  const again = '{ "Fn::Transform": { Name: "AWS::Include", Parameters: { Location: more.yaml } } }';
  const { found } = resolve(`${HEAD}Resources:\n  T: { Type: A::B::C, Properties: { A: ${again} } }\n`, {
    readFile: () => `A: ${again}\nB: ${again}\n`,
  });
  expect(
    found.filter((each) => each.includes(`load The template includes more than ${MAX_INCLUDES} files`)),
  ).toHaveLength(1);
});

test("rules of parameters are told not to be checked, but for the CDK's own", () => {
  const rule = "{ Assertions: [{ Assert: !Equals [a, b] }] }";
  const { found } = resolve(`${HEAD}Rules:\n  CheckBootstrapVersion: ${rule}\n  Mine: ${rule}\nResources: {}\n`);
  expect(found).toEqual([expect.stringContaining("The rule Mine is not checked")]);
});

test("more resources than AWS allows are told, and names of Object's prototype are names", () => {
  const many = Array.from({ length: MAX_RESOURCES + 1 }, (_, at) => `  R${at}: { Type: A::B::C }\n`).join("");
  expect(resolve(`${HEAD}Resources:\n${many}`).findings).toMatchObject([{ rule: "template-too-many-resources" }]);
  const { resources, found } = resolve(
    `${HEAD}Resources:\n  constructor: { Type: AWS::SQS::Queue }\n  T: { Type: A::B::C, Properties: { __proto__: !Ref constructor } }\n`,
  );
  expect(found).toEqual([]);
  expect(Object.keys(resources[1]?.properties.value as object)).toEqual(["__proto__"]);
});

test("short forms belong to templates: any other file is refused as before", () => {
  const read = readTemplate("/project/api.yaml", "openapi: 3.0.1\ninfo: { title: !Ref Name }\npaths: {}\n");
  expect(read).toMatchObject({ ok: false, findings: [{ rule: "yaml-tag-unsupported", at: { line: 2 } }] });
});
