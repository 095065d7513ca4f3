import type { MintOptions } from "../issuer/tokens/mint-token.ts";
import type { RunningServer } from "../server/start-server.ts";

/** A ready-to-paste request of the demo and what it shows. */
export interface DemoCall {
  readonly status: number;
  readonly why: string;
  readonly curl: string;
}

const READER: MintOptions = { scopes: ["read:pets"] };
const SHOPKEEPER: MintOptions = { scopes: ["read:pets", "create:pets"] };
const NEW_PET = `-H 'Content-Type: application/json' -d '{"type":"bird","price":12.5}'`;

/** The audience that the demo gives the second example. */
export const TEST_AUDIENCE = "https://test-api.example";

/** One call for each answer a person meets first, in the order they would try them: the REST APIs', then the HTTP API's. */
export async function demoCalls(server: RunningServer): Promise<readonly DemoCall[]> {
  return [...petstoreCalls(server), ...(await signedCalls(server)), ...httpApiCalls(server)];
}

/** The address of an API's first stage, if it is served. */
export function urlOf({ ready }: RunningServer, apiId: string): string | undefined {
  return ready.apis.find((api) => api.apiId === apiId)?.stages[0]?.url;
}

function httpApiCalls(server: RunningServer): readonly DemoCall[] {
  const url = urlOf(server, "httpapi");
  if (url === undefined) return [];
  const call = (status: number, why: string, path: string, authorization?: string): DemoCall => ({
    status,
    why,
    curl: ["curl -i", ...(authorization ? [`-H 'Authorization: ${authorization}'`] : []), url + path].join(" "),
  });
  const mint = (options: MintOptions = {}): string => server.mint({ api: TEST_AUDIENCE, ...options });
  return [
    call(
      200,
      "an HTTP API: its JWT authorizer takes the token, the function tells who called",
      "/test",
      `Bearer ${mint()}`,
    ),
    call(200, "the same token without Bearer: HTTP APIs take it, too", "/test", mint()),
    call(401, "no token: the bare challenge", "/test"),
    call(
      401,
      "an expired token: the challenge says so, which REST APIs never do",
      "/test",
      `Bearer ${mint({ expired: true })}`,
    ),
    call(401, "a token of another issuer", "/test", `Bearer ${mint({ wrongIss: true })}`),
    call(404, "a trailing slash makes another path, and HTTP APIs answer 404", "/test/", `Bearer ${mint()}`),
  ];
}

function petstoreCalls(server: RunningServer): readonly DemoCall[] {
  const url = urlOf(server, "petstore");
  if (url === undefined) return [];
  const bearer = (options: MintOptions): string => `-H 'Authorization: Bearer ${server.mint(options)}'`;
  const call = (status: number, why: string, path: string, ...more: string[]): DemoCall => ({
    status,
    why,
    curl: ["curl -i", ...more, `${url}${path}`].join(" "),
  });
  return [
    call(200, "the token is good and its scope read:pets is what the rules want", "/pets", bearer(READER)),
    call(200, "one pet by its id; the authorizer's policy was cached by the call before", "/pets/1", bearer(READER)),
    call(201, "a new pet, through the mapping templates", "/pets", bearer(SHOPKEEPER), NEW_PET),
    call(
      400,
      "the request validator: a bird without a price",
      "/pets",
      bearer(SHOPKEEPER),
      `-H 'Content-Type: application/json' -d '{"type":"bird"}'`,
    ),
    call(401, "no token: the authorizer was not even called", "/pets"),
    call(401, "the token has expired", "/pets", bearer({ ...READER, expired: true })),
    call(401, "the token is for another audience", "/pets", bearer({ ...READER, wrongAud: true })),
    call(401, "the token is forged: its signature does not fit", "/pets", bearer({ ...READER, badSignature: true })),
    call(403, "a good token without any scope: its policy denies everything", "/pets", bearer({ scopes: [] })),
    call(403, "a token that may read may not sell", "/pets", bearer(READER), NEW_PET),
    call(403, "the pets may be read one by one, the prices not: an explicit Deny", "/pets/prices", bearer(READER)),
    call(403, "no such path: looks like a token problem (Missing Authentication Token) and is a wrong URL", "/animals"),
    call(
      403,
      "no such path, with a good token: IncompleteSignatureException, the token was never looked at",
      "/animals",
      bearer(READER),
    ),
  ];
}

/** curl signs by itself, so these lines do not grow old as a signature does after five minutes. */
async function signedCalls(server: RunningServer): Promise<readonly DemoCall[]> {
  const url = urlOf(server, "petstoreiam");
  if (url === undefined) return [];
  const signer = async (name: string): Promise<string> => {
    const { accessKeyId, secretAccessKey } = await server.credentialsOf(name);
    return `--aws-sigv4 aws:amz:${server.region}:execute-api --user '${accessKeyId}:${secretAccessKey}'`;
  };
  const clerk = await signer("clerk");
  const visitor = await signer("visitor");
  const token = server.mint(READER);
  const order = `-H 'X-Customer-Token: ${token}' -H 'Content-Type: application/json' -d '{"petId":1}'`;
  const call = (status: number, why: string, path: string, ...more: string[]): DemoCall => ({
    status,
    why,
    curl: ["curl -i", ...more, `${url}${path}`].join(" "),
  });
  return [
    call(200, "AWS_IAM: the request is signed, and the clerk's policy allows it", "/pets", clerk),
    call(
      403,
      "AWS_IAM and a Bearer token: IncompleteSignatureException, though the token is good; the header is read as a signature",
      "/pets",
      `-H 'Authorization: Bearer ${token}'`,
    ),
    call(201, "the cure: sign the request, and send the token in a header of its own", "/orders", clerk, order),
    call(403, "the visitor signs as well, and no policy lets visitors order", "/orders", visitor, order),
  ];
}
