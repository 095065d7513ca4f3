import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { type MappingInput, type MappingOutcome, renderMappingTemplate } from "./render-mapping-template.ts";
import { parseTemplate, type Template } from "./velocity/parse-template.ts";
import { TemplateError } from "./velocity/template-error.ts";

const NO_PARAMS = { path: {}, querystring: {}, header: {} };

function template(source: string): Template {
  const verdict = parseTemplate(source);
  if (!verdict.ok) throw new Error(`${verdict.line}:${verdict.column} ${verdict.message}`);
  return verdict.template;
}

function map(source: string, input: Partial<MappingInput> = {}): MappingOutcome {
  return renderMappingTemplate(template(source), {
    body: "",
    params: NO_PARAMS,
    context: {},
    stageVariables: {},
    ...input,
  });
}

const output = (source: string, input: Partial<MappingInput> = {}): string => map(source, input).output;
const withBody = (source: string, body: unknown): string => output(source, { body: JSON.stringify(body) });

function failure(source: string, input: Partial<MappingInput> = {}): TemplateError {
  try {
    map(source, input);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error("rendered");
}

// (R) test_input_path_template_formatting: LocalStack's recordings against AWS, one row per snapshot key.
const RESULT = '#set($result = $input.path("$.json"))';
const REPORT =
  '{"body": $result, "nested": $result.nested, "isNull": #if( $result == $null )"true"#else"false"#end, "isEmptyString": #if( $result == "" )"true"#else"false"#end}';
test.each([
  ["dict-response", `${RESULT}$result`, { foo: "bar" }, "{foo=bar}"],
  ["json-list", `${RESULT}$result`, [{ foo: "bar" }], '[{"foo":"bar"}]'],
  ["nested-dict", `${RESULT}$result.nested`, { nested: { foo: "bar" } }, "{foo=bar}"],
  ["nested-list", `${RESULT}$result.nested`, { nested: [{ foo: "bar" }] }, '[{"foo":"bar"}]'],
  ["dict-in-list", `${RESULT}$result[0]`, [{ foo: "bar" }], "{foo=bar}"],
  ["list-with-nested-list", `${RESULT}$result[0]`, [[{ foo: "bar" }]], '[{"foo":"bar"}]'],
  ["dict-with-nested-list", `${RESULT}$result`, { foo: [{ nested: "bar" }] }, '{foo=[{"nested":"bar"}]}'],
  [
    "bigger-dict",
    `${RESULT}$result`,
    { bigger: "dict", to: "test", with: "separators" },
    "{bigger=dict, to=test, with=separators}",
  ],
  ["to-string", `${RESULT}$result.toString()`, { foo: "bar" }, "{foo=bar}"],
  ["list-to-string", `${RESULT}$result.toString()`, { list: [{ foo: "bar" }] }, '{list=[{"foo":"bar"}]}'],
])("$input.path prints as recorded: %s (R)", (_, source, json, expected) => {
  expect(withBody(source, { json })).toBe(expected);
});

test.each([
  [
    "empty-body",
    '#set($result = $input.path("$.nonExisting"))',
    "",
    '{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}',
  ],
  [
    "nested-empty-list",
    '#set($result = $input.path("$.json.listValue"))',
    '{"json": {"listValue": []}}',
    '{"body": [], "nested": , "isNull": "false", "isEmptyString": "false"}',
  ],
  [
    "nested-null-list",
    '#set($result = $input.path("$.json.listValue"))',
    '{"json": {"listValue": null}}',
    '{"body": , "nested": , "isNull": "true", "isEmptyString": "true"}',
  ],
])("what is missing prints nothing and equals both null and the empty string: %s (R)", (_, set, body, expected) => {
  expect(output(set + REPORT, { body })).toBe(expected);
});

// (R) test_input_body_formatting
test.each([
  ["#set($result = $input.body)$result", "", "{}"],
  ["#set($result = $input.body)$result", '{"some": "value"}', '{"some": "value"}'],
  ["#set($result = $input.body)$result", "some raw data", "some raw data"],
  ["Action=SendMessage&MessageBody=$input.body", "", "Action=SendMessage&MessageBody={}"],
  ["#set($result = $input.body.testAccess)$result", '{"some": "value"}', ""],
  [
    "EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.testAccess)",
    '{"some": "value"}',
    "EncodedBody=%7B%22some%22%3A+%22value%22%7D&EncodedBodyAccess=",
  ],
  ["$util.urlEncode($input.body)", "", "%7B%7D"],
  ["$util.urlEncode($input.body)", "some raw data", "some+raw+data"],
])("$input.body as recorded: %j of %j (R)", (source, body, expected) => {
  expect(output(source, { body })).toBe(expected);
});

test("$input.json writes JSON, and an empty string for what is missing (C)", () => {
  const body = '{"a": {"x": 1.0, "2": [true, null]}, "s": "it\'s \\"x\\"", "n": null}';
  expect(output("$input.json('$.a')", { body })).toBe('{"x":1.0,"2":[true,null]}');
  expect(output("$input.json('$.s')", { body })).toBe('"it\'s \\"x\\""');
  expect(output("$input.json('$.missing') $input.json('$.n')", { body })).toBe('"" ""');
  expect(output("$input.json('$.x')", { body: "not json" })).toBe('""');
  expect(output("$input.json('$.message').testAccess", { body: '"#foobar123"' })).toBe("");
});

test("a body that is not JSON is one string to $input.json (?)", () => {
  expect(output("$input.json('$')", { body: "a=1&b=2" })).toBe('"a=1&b=2"');
});

test("numbers from JSON print as Java prints them", () => {
  const body = '{"i": 7, "d": 249.99, "one": 1.0, "big": 12345678901234567890, "e": 1e10, "t": true}';
  expect(output("#set($r = $input.path('$'))$r.i $r.d $r.one $r.big $r.e $r.t", { body })).toBe(
    "7 249.99 1.0 12345678901234567890 1.0E10 true",
  );
});

test("lists and maps from JSON have Java's methods", () => {
  const source =
    "#set($r = $input.path('$'))$r.l.size() $r.l.count() $r.m.keySet() $r.m.containsKey('a') $r.l.contains('x') $r.m.get('a') $r.l.isEmpty() #foreach($e in $r.m.entrySet())$e.key:$e.value#if($foreach.hasNext),#end#end $velocityCount";
  expect(withBody(source, { l: ["x", "y"], m: { a: 1, b: 2 } })).toBe("2 2 [a, b] true true 1 false a:1,b:2 ");
});

test("$input.params looks in path, then query string, then header; missing is the empty string (D)", () => {
  const params = {
    path: { a: "path" },
    querystring: { a: "query", b: "query" },
    header: { a: "h", b: "h", "X-C": "header" },
  };
  expect(output("$input.params('a') $input.params('b') $input.params('X-C') [$input.params('none')]", { params })).toBe(
    "path query header []",
  );
  expect(
    output("$input.params().header.get('X-C') $input.params().querystring.b $input.params().path", { params }),
  ).toBe("header query {a=path}");
  expect(output("#foreach($type in $input.params().keySet())$type #end", { params })).toBe("path querystring header ");
  expect(output("$input.params('__proto__')$input.params('constructor')", { params })).toBe("");
});

test("$context and $stageVariables print nothing for what is missing (D)", () => {
  const context = {
    requestId: "r-1",
    requestTimeEpoch: 1700000000000,
    identity: { sourceIp: "192.0.2.1", user: null },
  };
  const input = { context, stageVariables: { url: "http://x" } };
  expect(
    output("$context.requestId $context.identity.sourceIp $context.requestTimeEpoch $stageVariables.url", input),
  ).toBe("r-1 192.0.2.1 1700000000000 http://x");
  expect(output("[$context.identity.user$context.none$context.authorizer.claims.sub$stageVariables.none]", input)).toBe(
    "[]",
  );
  expect(output("$stageVariables.get('url') $context['requestId'] ${stageVariables.url}", input)).toBe(
    "http://x r-1 http://x",
  );
});

test("$method and $integration do not exist in templates (D)", () => {
  expect(output("[$method.request.header.x$integration.response.body]")).toBe("[]");
});

test("the passthrough template that the AWS console offers renders valid JSON", () => {
  const source = `#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : { "stage" : "$context.stage", "user" : "$context.identity.user" }
}`;
  const params = { path: { id: "7" }, querystring: { q: 'a"b', r: "1" }, header: { Accept: "text" } };
  const rendered = output(source, {
    body: '{"a": [1, 2]}',
    params,
    context: { stage: "test" },
    stageVariables: { v: "1" },
  });
  expect(JSON.parse(rendered)).toEqual({
    "body-json": { a: [1, 2] },
    params,
    "stage-variables": { v: "1" },
    context: { stage: "test", user: "" },
  });
});

// (R) test_integration_mock_with_request_overrides_in_response_template
test("a request override is readable in the response template (R)", () => {
  const request = map(
    "#set($body = $util.base64Decode($input.params('testPath')))\n#set($context.requestOverride.path.body = $body)\n{\n  \"statusCode\": 200\n}\n",
    { params: { ...NO_PARAMS, path: { testPath: Buffer.from('{"message": "path1"}').toString("base64") } } },
  );
  expect(request.output).toBe('{\n  "statusCode": 200\n}\n');
  expect([...request.requestOverride.path]).toEqual([["body", '{"message": "path1"}']]);
  const response = output("#set($body = $util.parseJson($context.requestOverride.path.body))\n$body.message", {
    overridesSoFar: request.overrides,
  });
  expect(response).toBe("path1");
});

// (R) test_integration_mock_with_response_override_in_request_template
test("a response override in the request template takes effect and is visible later (R)", () => {
  const request = map(
    '\n#set($context.responseOverride.status = 444)\n#set($context.responseOverride.header.foo = "bar")\n#set($context.responseOverride.custom = "is also passed around")\n{"statusCode": 200}',
  );
  expect(request.responseOverride.status).toBe(444);
  const response = map(
    "$context.responseOverride.status $context.responseOverride.header.foo $context.responseOverride.custom",
    {
      overridesSoFar: request.overrides,
    },
  );
  expect(response.output).toBe("444 bar is also passed around");
  expect(response.responseOverride.status).toBe(444);
  expect([...response.responseOverride.header]).toEqual([["foo", "bar"]]);
});

test("overrides of the request template reach past a constant response template", () => {
  const request = map("#set($context.responseOverride.status = 444)");
  expect(map("{}", { overridesSoFar: request.overrides }).responseOverride.status).toBe(444);
});

// (R) test_integration_mock_with_vtl_map_assignation
test("overrides can be set by index and by put (R)", () => {
  const { requestOverride, output: printed } = map(`
#set($paramName = "foo")
#set($context.requestOverride.querystring[$paramName] = "bar")
#set($paramPutName = "putfoo")
$context.requestOverride.querystring.put($paramPutName, "putBar")
#set($context["requestOverride"].querystring["nestedfoo"] = "nestedFoo")
{"statusCode": 200}`);
  expect(Object.fromEntries(requestOverride.querystring)).toEqual({
    foo: "bar",
    putfoo: "putBar",
    nestedfoo: "nestedFoo",
  });
  expect(printed.trim()).toBe('{"statusCode": 200}');
});

// (R) test_sqs_amz_json_protocol
test("$context's keys name the overrides, and a map in it prints nothing (R)", () => {
  const context = { stage: "test", requestTimeEpoch: 17, identity: { sourceIp: "192.0.2.1", user: null } };
  const each = (map: string): string =>
    output(`#foreach($key in ${map}.keySet())$key=${map}.get($key)#if($foreach.hasNext),#end#end`, { context });
  expect(each("$context")).toBe("stage=test,requestTimeEpoch=17,identity=,requestOverride=,responseOverride=");
  expect(each("$context.identity")).toBe("sourceIp=192.0.2.1,user=");
  expect(each("$context.requestOverride")).toBe("header=,path=,querystring=");
  expect(each("$context.responseOverride")).toBe("header=");
  expect(each("$context.authorizer")).toBe("");
  expect(
    output("[$context.identity$context.authorizer.claims]", { context: { authorizer: { claims: { sub: "a" } } } }),
  ).toBe("[]");
  expect(map("$context.keySet().size() $context.requestTimeEpoch", { context }).requestOverride.header.size).toBe(0);
});

test("a header overridden with a list has several values", () => {
  const { requestOverride } = map('#set($context.requestOverride.header.multi = ["a", "b", 3])');
  expect(requestOverride.header.get("multi")).toEqual(["a", "b", "3"]);
});

test("overriding one parameter twice is an error (D)", () => {
  const once = '#set($context.requestOverride.header.a = "1")';
  expect(failure(once + once).reason).toBe("override");
  expect(
    failure("#set($context.responseOverride.status = 200)#set($context.responseOverride.status = 201)").reason,
  ).toBe("override");
  expect(map(`${once}#set($context.requestOverride.header.b = "1")`).requestOverride.header.size).toBe(2);
});

test("a status override is ignored unless it is an integer from 100 to 599 (C)", () => {
  const statusOf = (value: string): number | undefined =>
    map(`#set($context.responseOverride.status = ${value})`).responseOverride.status;
  expect(["404", '"404"', "100", "599"].map(statusOf)).toEqual([404, 404, 100, 599]);
  expect(["99", "600", '"abc"', "20.5", "[200]", '"2e2"', "1000"].map(statusOf)).toEqual(new Array(7).fill(undefined));
});

test("a request's context is not changed by a template", () => {
  const context = { stage: "test", identity: { sourceIp: "1" } };
  expect(
    output(
      "#set($context.stage = 'x')#set($context.identity.sourceIp = 'y')$context.stage $context.identity.sourceIp",
      { context },
    ),
  ).toBe("x y");
  expect(context).toEqual({ stage: "test", identity: { sourceIp: "1" } });
});

test("a constant template renders without reading the request", () => {
  const unread = new Proxy({} as MappingInput, {
    get: (_, name) => {
      if (name === "overridesSoFar") return undefined;
      throw new Error(`read ${String(name)}`);
    },
  });
  expect(renderMappingTemplate(template('{"statusCode": 200}'), unread).output).toBe('{"statusCode": 200}');
});

test("an undefined reference is a true condition, as every string in Velocity 1.7 (?)", () => {
  expect(output("#if($input.path('$.none'))yes#{else}no#end #if($input.params('none') != '')yes#{else}no#end")).toBe(
    "yes no",
  );
});

test("a JSONPath that cannot be read is an error with its place", () => {
  expect(failure("\n $input.path('$.a[')")).toMatchObject({ reason: "argument", line: 2, column: 2 });
});

test.each([
  "$input.constructor $input.body.constructor $input.__proto__",
  "$util.constructor('x') $util.toString $util.qr(1) $util.toJson($input)",
  "$context.constructor $context.get('__proto__')",
  "$input.path('$.constructor') $input.path('$.__proto__')",
])("%s reaches nothing", (source) => {
  expect(output(source, { body: '{"a": 1}' }).replace(/\.__proto__|\$input|\s/g, "")).toBe("");
});

test("hostile bodies neither crash nor hang a template", () => {
  const source =
    "$input.json('$') $input.path('$..a') $util.escapeJavaScript($input.body) $util.parseJson($input.json('$'))";
  for (const body of [
    "[".repeat(1_000_000),
    `${'{"a":'.repeat(400)}1${"}".repeat(400)}`,
    "\u0000\ud800",
    `[${"1,".repeat(90_000)}1]`,
  ]) {
    const began = cpuMs();
    try {
      map(source, { body });
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError);
    }
    expect(cpuMs() - began).toBeLessThan(3000);
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (body) => {
      try {
        map(source, { body });
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }),
  );
});
