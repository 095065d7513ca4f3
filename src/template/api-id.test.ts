import { expect, test } from "vitest";
import { deriveApiId, MAX_API_ID_CHARACTERS } from "./api-id.ts";
import { readDocument } from "./document.ts";

function idOf(file: string, text = "openapi: 3.0.1"): unknown {
  const verdict = readDocument(file, text);
  if (!verdict.ok) throw new Error("unreadable");
  const id = deriveApiId(verdict.document);
  return id.ok ? id.apiId : `${id.problem.at.line}:${id.problem.at.column} ${id.problem.message}`;
}

const TAG = "tags:\n  - name: _custom_id_\n    x-amazon-apigateway-tag-value: ";

test("the file's base name gives the id, in lower case and without anything else", () => {
  expect(idOf("/project/Pet-Store_2.yaml")).toBe("petstore2");
  expect(idOf(`${"x".repeat(100)}.json`, "{}")).toBe("x".repeat(MAX_API_ID_CHARACTERS));
});

test("the tag _custom_id_ wins, then info.x-gatewarden-id", () => {
  const info = "info: {x-gatewarden-id: frominfo}\n";
  expect(idOf("a.yaml", info)).toBe("frominfo");
  expect(idOf("a.yaml", `${info}${TAG}fromtag`)).toBe("fromtag");
});

test("an id that is given and not one is refused at its place, not replaced", () => {
  expect(idOf("a.yaml", `${TAG}My-Api`)).toBe('3:36 The API id is "My-Api", wanted 1 to 63 characters of a-z and 0-9.');
  expect(idOf("a.yaml", "info: {x-gatewarden-id: 12}")).toMatch("1:25 The API id is 12");
});

test("a file name without a usable character is refused", () => {
  expect(idOf("/project/___.yaml")).toMatch('1:1 The file name "___.yaml" has no character');
});
