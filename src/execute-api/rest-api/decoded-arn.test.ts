import { expect, test } from "vitest";
import { decodedArn } from "./decoded-arn.ts";

const at = (path: string): string => `arn:aws:execute-api:us-east-1:000000000000:api/test/GET/${path}`;

test.each([
  ["%61dmin", "admin"],
  ["admin%2Fkeys", "admin/keys"],
  ["admin%2fk%C3%A9ys", "admin/kéys"],
  ["%25%36%31", "%61"],
  // What is malformed stays, and hides nothing beside it.
  ["%61dmin/%zz%", "admin/%zz%"],
  ["%61dmin/%ff", "admin/\ufffd"],
])("%s reads %s", (path, decoded) => {
  expect(decodedArn(at(path))).toBe(at(decoded));
});

test.each(["pets/42", "100%", "a+b"])("%s reads as it was sent", (path) => {
  expect(decodedArn(at(path))).toBeUndefined();
});
