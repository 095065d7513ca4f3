import { expect, test } from "vitest";
import type { GatewayResponseType } from "../../model/rest-api.ts";
import { HeaderFields } from "../header-fields.ts";
import type { RestDeployment } from "./deployment.ts";
import { type CompiledGatewayResponse, renderGatewayResponse } from "./gateway-response.ts";
import { RestApiRefusal } from "./refusal.ts";
import type { RestRequest } from "./request.ts";

const request = { requestId: "id", extendedRequestId: "ext=", headers: new HeaderFields([]) } as unknown as RestRequest;

function render(refused: GatewayResponseType, customised: Readonly<Record<string, CompiledGatewayResponse>>) {
  const deployment = {
    gatewayResponses: new Map(Object.entries(customised)),
    stageVariables: {},
  } as unknown as RestDeployment;
  return renderGatewayResponse(
    new RestApiRefusal(refused, { reason: "internal_error", message: "for the test" }),
    deployment,
    request,
    {},
    {},
  );
}

const teapot: CompiledGatewayResponse = {
  status: 418,
  headers: [],
  templates: [{ contentType: "text/plain", render: () => "teapot" }],
};

test("the type's own customisation wins over its class's default, which wins over the built-in answer (R)", () => {
  expect(render("UNAUTHORIZED", { UNAUTHORIZED: teapot, DEFAULT_4XX: { ...teapot, status: 444 } }).status).toBe(418);
  expect(render("UNAUTHORIZED", { DEFAULT_4XX: teapot, DEFAULT_5XX: { ...teapot, status: 599 } })).toMatchObject({
    status: 418,
    body: "teapot",
  });
  expect(render("UNAUTHORIZED", { DEFAULT_5XX: teapot })).toMatchObject({
    status: 401,
    body: '{"message":"Unauthorized"}',
  });
});

test("customising REQUEST_TOO_LARGE has no effect (D)", () => {
  expect(render("REQUEST_TOO_LARGE", { REQUEST_TOO_LARGE: teapot, DEFAULT_4XX: teapot })).toMatchObject({
    status: 413,
    body: '{"message": "Request Too Long"}',
  });
});
