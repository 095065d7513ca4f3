import type { Finding } from "../../model/finding.ts";
import type { LambdaFunction } from "../../model/lambda-function.ts";
import { shippedAuthorizerFile } from "../shipped-authorizer.ts";

/**
 * A function as it runs where the local issuer speaks for one that its TOKEN_ISSUER names: the authorizer that ships is
 * given the local issuer's key set for that one. Code of one's own is left alone, and a warning says that it will not
 * find the keys.
 */
export function withLocalIssuerKeys(
  lambda: LambdaFunction,
  localIssuers: readonly string[],
  issuerUrl: string | undefined,
  findings: Finding[],
): LambdaFunction {
  const { name, environment } = lambda;
  const issuers = listOf(environment.TOKEN_ISSUER);
  const local = issuers.filter((issuer) => localIssuers.includes(issuer));
  if (issuerUrl === undefined || local.length === 0) return lambda;
  const jwksUri = `${issuerUrl}.well-known/jwks.json`;
  const given = listOf(environment.JWKS_URI);
  const at = lambda.at ?? { file: lambda.handlerFile, line: 1, column: 1 };
  const tell = (severity: "info" | "warning", message: string, fix: string): void => {
    findings.push({ rule: "local-issuer-keys", severity, effect: "none", message, fix, at, logicalId: name });
  };
  const spoken = `The local issuer speaks for ${local.join(", ")}`;
  if (lambda.handlerFile !== shippedAuthorizerFile()) {
    if (given.length === 0 || !given.every((uri) => uri.startsWith(issuerUrl))) {
      tell(
        "warning",
        `${spoken}, and function ${name}, whose TOKEN_ISSUER it is, finds its keys by itself: they are not the local issuer's.`,
        `Give it JWKS_URI: "\${gatewarden.issuer}.well-known/jwks.json" in gatewarden.yaml, if its code reads that.`,
      );
    }
    return lambda;
  }
  if (given.length !== issuers.length && local.length !== issuers.length) {
    tell(
      "warning",
      `${spoken}, and TOKEN_ISSUER of function ${name} names others too, without a JWKS_URI for each: the keys of all are asked for where the issuers say.`,
      "Name one JWKS_URI for each issuer, in the same order; the local issuer's is put in here.",
    );
    return lambda;
  }
  const uris = issuers.map((issuer, index) => (local.includes(issuer) ? jwksUri : given[index]));
  tell("info", `${spoken}: function ${name} gets its keys from ${jwksUri}.`, "Nothing need be done.");
  return { ...lambda, environment: { ...environment, JWKS_URI: uris.join(",") } };
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((each) => each.trim() || []);
}
