import fc from "fast-check";
import { expect, test } from "vitest";
import { UTIL_VARIABLE } from "./util-variable.ts";
import { Budget } from "./velocity/budget.ts";
import { JavaDouble, JavaMap, type JavaValue } from "./velocity/java-value.ts";
import { printValue } from "./velocity/print-value.ts";
import { TemplateError } from "./velocity/template-error.ts";

const call = (name: string, ...args: JavaValue[]): JavaValue | undefined =>
  UTIL_VARIABLE.call(name, args, new Budget());

test("escapeJavaScript escapes quotes of both kinds, slashes and what is not ASCII (D, C)", () => {
  expect(call("escapeJavaScript", "it's")).toBe("it\\'s");
  expect(call("escapeJavaScript", '{"a": "b"}')).toBe('{\\"a\\": \\"b\\"}');
  expect(call("escapeJavaScript", "*/*")).toBe("*\\/*");
  expect(call("escapeJavaScript", "a\nb\tc\\d\u0001é€")).toBe("a\\nb\\tc\\\\d\\u0001\\u00E9\\u20AC");
  expect(call("escapeJavaScript", new JavaMap({ a: 1 }))).toBe("{a=1}");
  expect(call("escapeJavaScript", new JavaDouble(1))).toBe("1.0");
  expect(call("escapeJavaScript", null)).toBe("");
});

test("what escapeJavaScript escapes, JSON reads back once \\' is a quote again (D)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = String(call("escapeJavaScript", text)).replaceAll("\\'", "'");
      expect(JSON.parse(`"${escaped}"`)).toBe(text);
    }),
  );
});

test("urlEncode is a form's encoding (R: test_input_body_formatting)", () => {
  expect(call("urlEncode", '{"some": "value"}')).toBe("%7B%22some%22%3A+%22value%22%7D");
  expect(call("urlEncode", "a-b_c.d*e!'()~é")).toBe("a-b_c.d*e%21%27%28%29%7E%C3%A9");
  expect(call("urlEncode", "\ud800")).toBe("%EF%BF%BD");
});

test("urlDecode undoes it, and refuses what is not encoded", () => {
  expect(call("urlDecode", "x=a+b%20%C3%A9%zz".slice(0, -3))).toBe("x=a b é");
  expect(() => call("urlDecode", "%zz")).toThrow(TemplateError);
  expect(() => call("urlDecode", "%e")).toThrow(TemplateError);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(call("urlDecode", String(call("urlEncode", text)))).toBe(text.toWellFormed());
    }),
  );
});

test("base64Encode and base64Decode are UTF-8 both ways", () => {
  expect(call("base64Encode", "héllo")).toBe("aMOpbGxv");
  expect(call("base64Decode", "aMOpbGxv")).toBe("héllo");
});

test("parseJson gives values that can be walked; what is no JSON is an error", () => {
  const value = call("parseJson", '{"key2": {"arr": [1, 2]}}');
  expect(value instanceof JavaMap && printValue(value, new Budget())).toBe("{key2={arr=[1,2]}}");
  expect(call("parseJson", "true")).toBe(true);
  expect(call("parseJson", "")).toBeNull();
  expect(() => call("parseJson", "{a: 1}")).toThrow(TemplateError);
});

test.each(["toJson", "error", "qr", "quiet", "appendError", "constructor", "__proto__", "toString"])(
  "$util.%s does not exist: it is AppSync's, or JavaScript's (D)",
  (name) => {
    expect(call(name, "x")).toBeUndefined();
  },
);
