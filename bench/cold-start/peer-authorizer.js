// An authorizer as the walkthroughs build it: jsonwebtoken for the token, jwks-rsa for its key.
import jsonwebtoken from "jsonwebtoken";
import { JwksClient } from "jwks-rsa";

const client = new JwksClient({
  cache: true,
  rateLimit: true,
  jwksRequestsPerMinute: 10,
  jwksUri: process.env.JWKS_URI,
});

export async function handler(event) {
  const token = /^Bearer (.*)$/.exec(event.authorizationToken)?.[1];
  const decoded = token && jsonwebtoken.decode(token, { complete: true });
  if (!decoded?.header.kid) throw new Error("Unauthorized");
  const key = await client.getSigningKey(decoded.header.kid);
  const claims = jsonwebtoken.verify(token, key.getPublicKey(), {
    audience: process.env.AUDIENCE,
    issuer: process.env.TOKEN_ISSUER,
  });
  return {
    principalId: claims.sub,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: event.methodArn }],
    },
    context: { scope: claims.scope },
  };
}
