import { describe, expect, it } from "vitest";
import {
  asHeaderValues,
  compileParameterMappings,
  compileTemplates,
  requestTemplate,
  responseTemplate,
} from "./compile-mapping.ts";

function templatesOf(templates: Readonly<Record<string, string>>) {
  const compiled = compileTemplates(templates);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.value;
}

describe("templates by content type", () => {
  const templates = templatesOf({ "Text/Plain; charset=utf-8": "t", $default: "d", "application/json": "j" });

  it("are found without regard to casing and parameters", () => {
    expect(requestTemplate(templates, "text/plain;q=1")?.template.constant).toBe("t");
    expect(requestTemplate(templates, undefined)?.template.constant).toBe("j");
    expect(requestTemplate(templates, "image/png")?.template.constant).toBe("d");
    expect(requestTemplate(templatesOf({}), "image/png")).toBeUndefined();
  });

  it("of responses fall back to application/json, then to the first", () => {
    expect(responseTemplate(templates, "text/plain")?.template.constant).toBe("t");
    expect(responseTemplate(templates, "image/png")?.template.constant).toBe("j");
    expect(responseTemplate(templatesOf({ "text/html": "h", "text/css": "c" }), "image/png")?.template.constant).toBe(
      "h",
    );
    expect(responseTemplate(templatesOf({}), undefined)).toBeUndefined();
  });

  it("that cannot be read name type, line and column", () => {
    const verdict = compileTemplates({ "application/json": "x\n#if(" });
    expect(verdict.ok ? "" : verdict.message).toMatch(/application\/json .*line 2, column \d+/);
  });
});

describe("parameter mappings", () => {
  it("know which headers an integration may not be given", () => {
    const flags = (type: "AWS" | "HTTP") => {
      const compiled = compileParameterMappings(
        { "integration.request.header.Authorization": "'x'", "integration.request.header.X-A": "'x'" },
        "request",
        type,
      );
      return compiled.ok && compiled.value.map((mapping) => mapping.isForbidden);
    };
    expect(flags("AWS")).toEqual([true, false]);
    expect(flags("HTTP")).toEqual([false, false]);
  });

  it("name what cannot be read", () => {
    const verdict = compileParameterMappings({ "integration.request.header.a": "true" }, "request", "HTTP");
    expect(verdict).toEqual({
      ok: false,
      message:
        "integration.request.header.a: Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: true]",
    });
  });
});

it("header values are single lines of octets", () => {
  expect(asHeaderValues("x", ["a", "猫"])).toEqual({ ok: true, values: ["a", Buffer.from("猫").toString("latin1")] });
  expect(asHeaderValues("x", ["a", "b\nc"]).ok).toBe(false);
});
