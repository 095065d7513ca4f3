/*
 * More functions behind HTTP APIs, beside http.mjs: those that are late, large, or answer a policy.
 */

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers after what a route with a timeout of 60 ms waits, and before a function's own second is over. */
export async function late() {
  await later(400);
  return { statusCode: 200 };
}

/** Does not answer within its own second. */
export async function stuck() {
  await later(60_000);
}

/** More than Lambda takes of an answer: 6 MB. */
export async function large() {
  return { statusCode: 200, body: "x".repeat(7 * 1024 * 1024) };
}

/** Says which function it is. */
export async function blue() {
  return "blue";
}

/** An authorizer that allows everything by policy, with its event as context, or answers what x-authorize says. */
export async function authorize(event) {
  const names = event.headers ?? {};
  const asked = names["x-authorize"];
  const arn = event.routeArn ?? event.methodArn;
  if (asked !== undefined) return JSON.parse(asked.replaceAll("{arn}", arn));
  return { principalId: "p", policyDocument: policy("Allow", "*"), context: { event } };
}

function policy(Effect, Resource) {
  return { Version: "2012-10-17", Statement: [{ Effect, Action: "execute-api:Invoke", Resource }] };
}
