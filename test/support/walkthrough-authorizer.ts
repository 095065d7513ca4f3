import jwt from "jsonwebtoken";
import { JwksClient } from "jwks-rsa";

/* A Lambda authorizer as people have written them for years. Its tests upload it as one file. */

interface AuthorizerEvent {
  readonly authorizationToken: string;
  readonly methodArn: string;
}

interface CallbackContext {
  succeed(answer: object): void;
  fail(message: string): void;
}

const { JWKS_URI: jwksUri = "", AUDIENCE: audience = "", TOKEN_ISSUER: issuer = "" } = process.env;
const keys = new JwksClient({ cache: true, rateLimit: true, jwksRequestsPerMinute: 10, jwksUri });

async function authenticate(event: AuthorizerEvent): Promise<object> {
  console.log(event);
  const [, token = ""] = /^Bearer (.*)$/.exec(event.authorizationToken) ?? [];
  const decoded = jwt.decode(token, { complete: true });
  if (!decoded?.header?.kid) throw new Error("invalid token");
  const key = await keys.getSigningKey(decoded.header.kid);
  const claims = jwt.verify(token, key.getPublicKey(), { audience, issuer }) as Readonly<Record<string, unknown>>;
  const statement = { Action: "execute-api:Invoke", Effect: "Allow", Resource: event.methodArn };
  return {
    principalId: claims.sub,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { scope: claims.scope },
  };
}

export const handler = (event: AuthorizerEvent, context: CallbackContext): void => {
  authenticate(event).then(
    (answer) => context.succeed(answer),
    (error: Error) => {
      console.log(error.message);
      context.fail("Unauthorized");
    },
  );
};
