import fc from "fast-check";
import { render as renderWithVelocityJs } from "velocityjs";
import { expect, test } from "vitest";
import { cpuMs } from "../../../../test/support/cpu-time.ts";
import { JavaMap, type JavaValue, toJavaValue } from "./java-value.ts";
import * as limits from "./limits.ts";
import { parseTemplate, type Template } from "./parse-template.ts";
import { TemplateError } from "./template-error.ts";

function parsed(source: string): Template {
  const verdict = parseTemplate(source);
  if (!verdict.ok) throw new Error(`${verdict.line}:${verdict.column} ${verdict.message}`);
  return verdict.template;
}

function render(source: string, data: Record<string, unknown> = {}, maxSteps?: number): string {
  const variables = new Map(Object.entries(data).map(([name, value]) => [name, toJavaValue(value)]));
  return parsed(source).render({ variables, undefinedValue: "", ...(maxSteps !== undefined && { maxSteps }) });
}

function failure(source: string, data: Record<string, unknown> = {}, maxSteps?: number): TemplateError {
  try {
    render(source, data, maxSteps);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error(`rendered: ${source.slice(0, 80)}`);
}

test("a template without references or directives is a constant", () => {
  expect(parsed('{"statusCode": 200}').constant).toBe('{"statusCode": 200}');
  expect(parsed("").constant).toBe("");
  expect(parsed("costs 5$ or #1 ## comment").constant).toBe("costs 5$ or #1 ");
  expect(parsed("$x").constant).toBeUndefined();
});

test.each([
  ["#if($x)\n  open", 2, 7, "#end is missing"],
  ["a\n  #set($x = )", 2, 13, "where a value belongs"],
  ["#set($x = 5 -3)", 1, 13, "write a space"],
  ["#if($x == null)#end", 1, 11, "no null"],
  ['#set($x = "open)', 1, 11, "closing quote"],
  ["#parse('other.vm')", 1, 1, "#parse is not supported"],
  ["#include('file')", 1, 1, "#include is not supported"],
  ["#evaluate($x)", 1, 1, "#evaluate is not supported"],
  ["text #end", 1, 6, "nothing before it opens"],
  ["#set($x == 1)", 1, 9, "one ="],
  ['line\n#set($s = "a\n$x.get(")")', 3, 9, "where a value belongs"],
  ["#[[ raw", 1, 1, "]]#"],
])("%j is refused at %i:%i", (source, line, column, message) => {
  const verdict = parseTemplate(source);
  expect(verdict).toMatchObject({ ok: false, line, column });
  expect(verdict.ok ? "" : verdict.message).toContain(message);
});

test("an error while rendering says where", () => {
  const error = failure("first\n  $list.get(7)", { list: [1] });
  expect(error).toMatchObject({ reason: "method", line: 2, column: 3 });
  expect(error.message).toContain("index 7 is outside a list of 1");
});

test.each([
  "$x.constructor",
  "$x.get('__proto__')",
  "$x.prototype",
  "$x.constructor.constructor('return process')()",
  "$x.get('constructor')",
  "$x['__proto__']",
  "$x.hasOwnProperty('a')",
  "$x.toLocaleString()",
  "$s.constructor",
  "$s['__proto__'].x",
  "$s.big()",
  "$s.at(0)",
  "$s.codePointAt",
  "$l.constructor",
  "$l.map",
  "$l.items",
  "$l['constructor']",
  "$n.constructor",
  "$n.toFixed(2)",
  "$constructor $__proto__ $toString $hasOwnProperty",
])("%s reaches nothing of JavaScript", (source) => {
  expect(render(source, { x: { a: 1 }, s: "text", l: [1], n: 5 }).trim()).toMatch(/^(\(\))?$/);
});

test("assigning to __proto__ is an entry of the map like any other, and pollutes nothing", () => {
  expect(render("#set($m = {})#set($m['__proto__'] = 'x')#set($m['constructor'] = 1)$m")).toBe(
    "{__proto__=x, constructor=1}",
  );
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test("a loop of more than the documented iterations is an error (D)", () => {
  expect(render("#foreach($i in [1..1000])#end ok")).toBe(" ok");
  const error = failure("#foreach($i in [1..1001])#end");
  expect(error).toMatchObject({ reason: "limit", line: 1 });
  expect(error.message).toContain(String(limits.MAX_FOREACH_ITERATIONS));
});

test.each([
  ["nested loops", "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end"],
  ["a doubling string", "#set($s = 'aaaaaaaaaaaaaaaa')#foreach($i in [1..100])#set($s = $s + $s)#end"],
  ["a doubling interpolated string", "#set($s = 'aaaaaaaaaaaaaaaa')#foreach($i in [1..100])#set($s = \"$s$s\")#end"],
  [
    "a growing replacement",
    "#set($s = 'aaaaaaaaaaaaaaaa')#foreach($i in [1..100])#set($s = $s.replace('a', 'aaaaaaaa'))#end",
  ],
  [
    "a growing regex replacement",
    "#set($s = 'aaaaaaaaaaaaaaaa')#foreach($i in [1..100])#set($s = $s.replaceAll('a', '$0$0$0$0'))#end",
  ],
  ["a list that doubles", "#set($l = [1])#foreach($i in [1..100])#set($x = $l.addAll($l))#end"],
  ["a list in itself", "#set($l = [])#set($x = $l.add($l))$l"],
  ["a map in itself", "#set($m = {})#set($m.m = $m)$m"],
  [
    "a list compared with itself's copy",
    "#set($a = [])#set($b = [])#set($x = $a.add($a))#set($x = $b.add($b))#if($a == $b)y#end",
  ],
  [
    "lists that double when printed",
    "#set($l = ['xxxxxxxxxxxxxxxx'])#foreach($i in [1..100])#set($l = [$l, $l])#end$l",
  ],
  [
    "lists that double when compared",
    "#set($l = [1])#set($m = [1])#foreach($i in [1..60])#set($l = [$l, $l])#set($m = [$m, $m])#end#if($l == $m)y#end",
  ],
  ["a huge range", "#set($x = [1..2000000000])"],
  ["a range beyond all integers", "#set($x = [1..99999999999999999999])"],
  ["a growing integer", "#set($n = 10)#foreach($i in [1..100])#set($n = $n * $n)#end"],
  ["a macro that calls itself", "#macro(m)#m()#end#m()"],
  ["a macro whose argument is itself", "#macro(m $a)#m($a)#end#m($m)"],
  ["repeat", "#set($s = 'aaaa'.repeat(1000000000))$s.x #set($t = 'aaaa')$t.repeat(1000000000)"],
])("%s ends in an error, soon", (_, source) => {
  const began = cpuMs();
  const verdict = parseTemplate(source);
  if (verdict.ok) {
    const error = failure(source);
    expect(error.reason).toBe("limit");
  }
  expect(cpuMs() - began).toBeLessThan(5000);
});

test("the step counter stops a template at its bound", () => {
  expect(failure("#foreach($i in [1..100])$i#end", {}, 50)).toMatchObject({ reason: "limit" });
  expect(render("#foreach($i in [1..100])$i#end", {}, 5000)).toHaveLength(192);
});

test("output has a bound", () => {
  const text = "x".repeat(1000);
  const error = failure(`#foreach($i in [1..1000])#foreach($j in [1..1000])${text}#end#end`);
  expect(error.message).toMatch(/output would be longer|steps/);
});

test("a template has at most 300 KB (D)", () => {
  expect(parseTemplate("x".repeat(limits.MAX_TEMPLATE_BYTES)).ok).toBe(true);
  expect(parseTemplate("x".repeat(limits.MAX_TEMPLATE_BYTES + 1))).toMatchObject({ ok: false, line: 1, column: 1 });
});

test.each([
  ["parentheses", `#if(${"(".repeat(50_000)}`],
  ["negations", `#if(${"!".repeat(50_000)}`],
  ["lists", `#set($x = ${"[".repeat(50_000)}`],
  ["maps", `#set($x = ${'{"a":'.repeat(20_000)}`],
  ["directives", "#if(true)".repeat(20_000)],
  ["calls", "$a.b(".repeat(20_000)],
  ["strings", '#set($x = "$a.get("'.repeat(5_000)],
  ["range beginnings", "#set($x = [$a[$a[$a".repeat(5_000)],
  ["backslashes", "\\".repeat(200_000)],
  ["dollars", "$".repeat(200_000)],
  ["blanks", `${" ".repeat(100_000)}#${" ".repeat(100_000)}`],
])("nesting and repeating %s is refused or read, soon", (_, source) => {
  const began = cpuMs();
  parseTemplate(source);
  expect(cpuMs() - began).toBeLessThan(3000);
});

test("a hostile regular expression is stopped by the step counter", () => {
  const subject = `${"a".repeat(5000)}!`;
  for (const pattern of ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)[^a!]"]) {
    const began = cpuMs();
    expect(failure(`$s.matches('${pattern}')`, { s: subject }).reason).toBe("limit");
    expect(cpuMs() - began).toBeLessThan(5000);
  }
});

test("a value nested deeper than a stack is no crash", () => {
  const source = `#set($l = [])#foreach($i in [1..1000])#set($l = [$l])#end$l`;
  expect(failure(source).reason).toBe("limit");
});

const FRAGMENTS = [
  ..."$#!{}()[]\"'\\.,;:=<>&|+-*/% \n\tax0".split(""),
  ...[
    "#set(",
    "#if(",
    "#else",
    "#elseif(",
    "#end",
    "#foreach($i in ",
    "#macro(m $a)",
    "#define($d)",
    "#m(1)",
    "##",
    "#*",
    "*#",
    "#[[",
    "]]#",
  ],
  ...[
    "$x",
    "${x}",
    "$!x",
    "$x.y",
    "$x.size()",
    "$x[0]",
    "$list",
    "[1..3]",
    '{"a": 1}',
    " in ",
    " == ",
    " && ",
    "#stop",
    "#break",
    "$foreach.count",
  ],
];

test("the parser never throws and rendering throws TemplateError only, whatever the template", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 40 }), (parts) => {
      const verdict = parseTemplate(parts.join(""));
      if (!verdict.ok) {
        expect(verdict.line).toBeGreaterThan(0);
        return;
      }
      const variables = new Map<string, JavaValue>([
        ["x", toJavaValue({ y: [1, 2] })],
        ["list", toJavaValue([1, "a", null])],
      ]);
      try {
        verdict.template.render({ variables, undefinedValue: "", maxSteps: 10_000 });
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
        expect((error as TemplateError).reason).not.toBe("internal");
      }
    }),
    { numRuns: 5000 },
  );
});

test("any text is read or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (source) => {
      parseTemplate(source);
    }),
    { numRuns: 2000 },
  );
});

test("text without $, # and backslash is printed as it is", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => {
      fc.pre(!/[$#\\]/.test(text));
      expect(parsed(text).constant).toBe(text);
    }),
  );
});

/** Plain Velocity where velocityjs is right too. */
test.each([
  "Hello $name, ${name}! $!missing.",
  "#if($n > 3)big#elseif($n == 3)three#{else}small#end",
  "#foreach($i in [1..3])$i,#end",
  "#foreach($i in $list)$foreach.count:$i#if($foreach.hasNext);#end#end",
  "#set($a = 1 + 2 * 3)$a",
  '#set($s = "x $name y")$s',
  "#set($s = 'x $name y')$s",
  '#set($m = {"a": 1, "b": "two"})$m.a $m.b $m.get(\'a\')',
  "#macro(hi $who)hi $who!#end#hi('Ann')#hi($name)",
  "$name.substring(1) $name.toUpperCase() $name.indexOf('n')",
  "$list.size() $list.get(0) $list[1]",
  "#if($yes && !$no)a#end#if($no || $yes)b#end",
  "a ## comment",
  "a #* comment *# b",
])("velocityjs agrees on %j", (source) => {
  const data = { name: "Ann", n: 3, list: ["x", "y"], yes: true, no: false };
  expect(render(source, data)).toBe(renderWithVelocityJs(source, data));
});

test("maps keep the order of keys that look like numbers", () => {
  const map = new JavaMap();
  for (const key of ["10", "2", "b", "1"]) map.entries().set(key, key);
  expect(render("$m", { m: map })).toBe("{10=10, 2=2, b=b, 1=1}");
});
