import { expect, test } from "vitest";
import { loadRealStack, shownFindings } from "../fixtures/real-stack.ts";

const RESOURCES = `Resources:
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: shop, ProtocolType: HTTP } }
`;
const SAM = "Transform: AWS::Serverless-2016-10-31\n";
const INCLUDE = '{ Name: "AWS::Include", Parameters: { Location: more.yaml } }';

test.each([
  ["a section that is misspelt", `Conditons: {}\n${RESOURCES}`, "1:1 load template-section-unknown"],
  ["Globals without SAM", `Globals: {}\n${RESOURCES}`, "1:1 load template-section-unknown"],
  ["an include of whole sections", `Transform: ${INCLUDE}\n${RESOURCES}`, "1:1 load template-include-invalid"],
  [
    "one among transforms",
    `Transform: [AWS::LanguageExtensions, ${INCLUDE}]\n${RESOURCES}`,
    "1:38 load template-include-invalid",
  ],
  [
    "one beside SAM",
    `Transform: [AWS::Serverless-2016-10-31, ${INCLUDE}]\n${RESOURCES}`,
    "1:41 load template-include-invalid",
  ],
  ["one written as a function", `"Fn::Transform": ${INCLUDE}\n${RESOURCES}`, "1:1 load template-include-invalid"],
])("%s stops the load", (_, template, finding) => {
  const stack = loadRealStack(template);
  expect(shownFindings(stack)).toEqual([finding]);
  expect(stack.httpApis).toEqual([]);
});

test("every section that CloudFormation knows is taken, and SAM's Globals beside SAM", () => {
  const others =
    'Description: d\nMetadata: {}\nParameters: {}\nMappings: {}\nConditions: {}\nOutputs: {}\nAWSTemplateFormatVersion: "2010-09-09"\n';
  for (const template of [others + RESOURCES, `${SAM}Globals: {}\n${others}${RESOURCES}`]) {
    const stack = loadRealStack(template);
    expect(stack.findings.filter(({ effect }) => effect === "load")).toEqual([]);
    expect(stack.httpApis).toHaveLength(1);
  }
});
