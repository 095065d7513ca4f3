import { JWT_ALGORITHMS, type JwtAlgorithm, type JwtConfiguration, type JwtIssuer } from "../../model/rest-api.ts";
import { eachUnknownKey, type Problem } from "../report.ts";
import { type OnInvalid, readText, readWord } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";

/*
 * JWT authorizers of REST APIs as files write them. AWS documents what they do
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-jwt-authorizer.html) and has published neither a
 * service model nor a CloudFormation schema that has them. Everything unverified about names stands in this file: NAMES,
 * the levels at which they stand, and the bounds.
 */

/** OpenAPI writes the names as they are here, CloudFormation with a capital (?). */
export type JwtSpelling = "openapi" | "cloudformation";

const NAMES = {
  /** (D: update page) In it everything else. */
  configuration: "jwtConfiguration",
  /** (D: update page) */
  issuers: "issuers",
  /** (D: create page) */
  issuer: "issuer",
  /** (D: keys page) What discovery found: AWS's answers have it, nobody writes it. */
  jwksUri: "jwksUri",
  /** (?) As HTTP APIs call it; that there is one list for each issuer is (D). */
  audience: "audience",
  /** (?) For each issuer, or once for all that name none. */
  algorithms: "allowedAlgorithms",
  /** (?) For all issuers, or for one in addition. */
  claimRules: "claimRules",
  /** (?) */
  claim: "claim",
  /** (?) Without it the claim has to be there, whatever it says. */
  values: "values",
} as const;
type Name = keyof typeof NAMES;

/** What an authorizer of type `jwt` may have in `x-amazon-apigateway-authorizer`; everything else may decide who gets in. */
export const JWT_EXTENSION_KEYS: ReadonlySet<string> = new Set([
  "type",
  "identitySource",
  "authorizerResultTtlInSeconds",
  NAMES.configuration,
]);

/** Our own bounds; AWS's are not known. */
export const MAX_ISSUERS = 10;
export const MAX_AUDIENCES = 50;
export const MAX_CLAIM_RULES = 20;
export const MAX_CLAIM_VALUES = 50;

const PROPERTY_INVALID = "authorizer-property-invalid";

export interface JwtConfigurationRead {
  /** Undefined when there is none, or one that nothing can be made of. */
  readonly configuration?: JwtConfiguration;
  /** Each keeps what the authorizer guards from being served. */
  readonly problems: readonly Problem[];
  readonly advice: readonly Problem[];
}

/**
 * Reads the JWT configuration that stands in `holder`: an `x-amazon-apigateway-authorizer`, or the properties of an
 * AWS::ApiGateway::Authorizer. What is not understood is a problem, never ignored: it may be a condition.
 */
export function readJwtConfiguration(
  holder: SourceNode,
  authorizerName: string,
  spelling: JwtSpelling,
): JwtConfigurationRead {
  return new JwtConfigurationReader(authorizerName, spelling).read(holder);
}

/** Whether a `jwtConfiguration` is one of a REST API: that of HTTP APIs has its one issuer directly in it. */
export function isRestJwtConfiguration(node: SourceNode): boolean {
  return node.name === NAMES.configuration && node.get(NAMES.issuers) !== undefined;
}

class JwtConfigurationReader {
  readonly #problems: Problem[] = [];
  readonly #advice: Problem[] = [];
  readonly #authorizer: string;
  readonly #spelling: JwtSpelling;

  constructor(authorizer: string, spelling: JwtSpelling) {
    this.#authorizer = authorizer;
    this.#spelling = spelling;
  }

  read(holder: SourceNode): JwtConfigurationRead {
    const configuration = this.#readConfiguration(holder);
    return { ...(configuration && { configuration }), problems: this.#problems, advice: this.#advice };
  }

  #readConfiguration(holder: SourceNode): JwtConfiguration | undefined {
    const node = this.#child(holder, "configuration");
    if (!node?.isMapping) {
      this.#missing(node ?? holder, "configuration", node, `a mapping with ${this.#name("issuers")}`);
      return undefined;
    }
    if (this.#child(node, "issuer") && !this.#child(node, "issuers")) {
      const message = `${node.name} of the authorizer ${this.#authorizer} has ${this.#name("issuer")} directly in it, which is the form of HTTP APIs.`;
      const fix = `Write ${this.#name("issuers")}: [{${this.#name("issuer")}: …, ${this.#name("audience")}: […]}].`;
      this.#refuse(node, message, fix);
      return undefined;
    }
    this.#refuseUnknown(node, ["issuers", "algorithms", "claimRules"]);
    const given = this.#child(node, "issuers");
    const items = given?.items() ?? [];
    if (items.length === 0) this.#missing(given ?? node, "issuers", given, "a list of at least one issuer");
    this.#bound(given, items.length, MAX_ISSUERS);
    const algorithms = this.#algorithms(node);
    const claimRules = this.#claimRules(node);
    const issuers = items.flatMap((item) => this.#issuer(item, algorithms, claimRules) ?? []);
    const seen = new Set<string>();
    for (const [index, { issuer }] of issuers.entries()) {
      if (seen.has(issuer)) {
        const message = `The authorizer ${this.#authorizer} names the issuer ${show(issuer)} twice.`;
        this.#refuse(items[index] ?? node, message, "Name it once, with all its audiences.");
      }
      seen.add(issuer);
    }
    return { issuers };
  }

  #issuer(
    node: SourceNode,
    common: readonly JwtAlgorithm[] | undefined,
    commonRules: JwtIssuer["requiredClaims"],
  ): JwtIssuer | undefined {
    if (!node.isMapping) {
      const wanted = `a mapping with ${this.#name("issuer")} and ${this.#name("audience")}`;
      this.#refuse(node, `An issuer of the authorizer ${this.#authorizer} is ${show(node.value)}, wanted ${wanted}.`);
      return undefined;
    }
    this.#refuseUnknown(node, ["issuer", "audience", "algorithms", "claimRules", "jwksUri"]);
    const found = this.#child(node, "jwksUri");
    if (found) {
      const message = `${found.name} has no effect: the issuer's discovery document says where its keys are.`;
      this.#advise("jwks-uri-ignored", found, message, "Remove it.");
    }
    const issuerNode = this.#child(node, "issuer");
    const issuer = readText(issuerNode, this.#invalid);
    if (!issuerNode) this.#missing(node, "issuer", undefined, "the iss of its tokens, byte for byte");
    else if (issuer !== undefined) this.#checkIssuer(issuerNode, issuer);
    const audienceNode = this.#child(node, "audience");
    const audience = this.#texts(audienceNode, MAX_AUDIENCES);
    // Whether AWS takes none is (?); here it would match no token.
    if (audience.length === 0)
      this.#missing(audienceNode ?? node, "audience", audienceNode, "a list of at least one audience");
    const own = this.#algorithms(node);
    if (own && common) {
      const message = `${this.#name("algorithms")} of the authorizer ${this.#authorizer} stands here and once for all issuers.`;
      this.#refuse(this.#child(node, "algorithms") ?? node, message, "Write it in one of the two places.");
    }
    const algorithms = own ?? common;
    const requiredClaims = [...commonRules, ...this.#claimRules(node)];
    return issuer === undefined ? undefined : { issuer, audience, ...(algorithms && { algorithms }), requiredClaims };
  }

  /** (D) An absolute https URL without query or fragment; plain http to this machine is our own, for development. */
  #checkIssuer(node: SourceNode, issuer: string): void {
    const url = URL.parse(issuer);
    const isLocal = url?.protocol === "http:" && LOOPBACK.test(url.hostname);
    if (!url || (url.protocol !== "https:" && !isLocal) || /[?#]/.test(issuer) || url.username || url.password) {
      this.#invalid(node, show(issuer), "an https URL without query, fragment or credentials");
    } else if (isLocal) {
      const message = `The issuer ${show(issuer)} is for development: AWS takes https only.`;
      this.#advise("issuer-not-https", node, message, "Name the issuer that is deployed, and have it made local.");
    }
  }

  /** Symmetric ones and `none` are no choice at all. */
  #algorithms(holder: SourceNode): readonly JwtAlgorithm[] | undefined {
    const node = this.#child(holder, "algorithms");
    if (!node) return undefined;
    if (node.items().length === 0) this.#invalid(node, show(node.value), `a list of ${JWT_ALGORITHMS.join(", ")}`);
    return node.items().flatMap((item) => readWord(item, JWT_ALGORITHMS, this.#invalid) ?? []);
  }

  #claimRules(holder: SourceNode): JwtIssuer["requiredClaims"] {
    const node = this.#child(holder, "claimRules");
    if (!node) return [];
    if (!node.isList)
      this.#invalid(node, show(node.value), `a list of {${this.#name("claim")}, ${this.#name("values")}}`);
    this.#bound(node, node.items().length, MAX_CLAIM_RULES);
    return node.items().flatMap((item) => {
      this.#refuseUnknown(item, ["claim", "values"]);
      const claim = readText(this.#child(item, "claim"), this.#invalid);
      if (claim === undefined) {
        if (!this.#child(item, "claim")) this.#missing(item, "claim", undefined, "the name of a claim");
        return [];
      }
      const valuesNode = this.#child(item, "values");
      if (!valuesNode) return [{ claim }];
      const values = valuesNode.items().flatMap(({ value }) => (isScalar(value) ? [value] : []));
      if (values.length === 0 || values.length !== valuesNode.items().length) {
        this.#invalid(valuesNode, show(valuesNode.value), "a list of texts, numbers, true or false");
      }
      this.#bound(valuesNode, values.length, MAX_CLAIM_VALUES);
      return [{ claim, values }];
    });
  }

  #texts(node: SourceNode | undefined, most: number): string[] {
    const items = node?.items() ?? [];
    this.#bound(node, items.length, most);
    return items.flatMap((item) => readText(item, this.#invalid) ?? []);
  }

  #bound(node: SourceNode | undefined, count: number, most: number): void {
    if (node && count > most) this.#invalid(node, `a list of ${count}`, `at most ${most}`);
  }

  #name(name: Name): string {
    const text = NAMES[name];
    return this.#spelling === "openapi" ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  }

  #child(node: SourceNode, name: Name): SourceNode | undefined {
    return node.isMapping ? node.get(this.#name(name)) : undefined;
  }

  get #invalid(): OnInvalid {
    return (node, found, wanted) =>
      this.#refuse(node, `${node.name} of the authorizer ${this.#authorizer} is ${found}, wanted ${wanted}.`);
  }

  /** `found` when it is there and of no use. */
  #missing(at: SourceNode, name: Name, found: SourceNode | undefined, wanted: string): void {
    const message = found
      ? `${this.#name(name)} of the authorizer ${this.#authorizer} is ${show(found.value)}, wanted ${wanted}.`
      : `The JWT authorizer ${this.#authorizer} has no ${this.#name(name)}, wanted ${wanted}.`;
    this.#refuse(at, message, found ? "Correct the value." : "Add it.");
  }

  #refuse(node: SourceNode, message: string, fix = "Correct the value."): void {
    this.#problems.push({ rule: PROPERTY_INVALID, at: node.at(), message, fix });
  }

  #advise(rule: string, node: SourceNode, message: string, fix: string): void {
    this.#advice.push({ rule, at: node.at(), message, fix });
  }

  #refuseUnknown(node: SourceNode, names: readonly Name[]): void {
    const known = new Set(names.map((name) => this.#name(name)));
    eachUnknownKey(node, known, (child, fix) => {
      const message = `The JWT authorizer ${this.#authorizer} has the unknown property ${show(child.name)}, which may decide who gets in.`;
      this.#problems.push({ rule: "authorizer-property-unknown", at: child.keyAt(), message, fix });
    });
  }
}

const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/;

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";
