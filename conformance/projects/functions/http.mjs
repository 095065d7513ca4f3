/*
 * Functions behind HTTP APIs. `handler` answers its event as JSON, or what the header x-answer or the body says: JSON text.
 */

export async function handler(event) {
  const asked = event.headers["x-answer"];
  if (asked === undefined)
    return { statusCode: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(event) };
  if (asked === "throw") throw new Error("as asked");
  return JSON.parse(asked);
}

/** The same for an authorizer: it answers its event as context, or what x-authorize says. */
export async function authorize(event) {
  const asked = event.headers["x-authorize"];
  if (asked === undefined) return { isAuthorized: true, context: { event } };
  if (asked === "throw") throw new Error("Unauthorized");
  return JSON.parse(asked.replaceAll("{arn}", event.routeArn ?? event.methodArn));
}
