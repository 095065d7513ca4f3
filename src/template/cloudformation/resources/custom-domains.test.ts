import { describe, expect, test } from "vitest";
import { loadRealStack } from "../../fixtures/real-stack.ts";

const APIS = `
Resources:
  Shop: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }
  Any:
    Type: AWS::ApiGateway::Method
    Properties: { RestApiId: !Ref Shop, ResourceId: !GetAtt Shop.RootResourceId, HttpMethod: ANY, AuthorizationType: NONE, Integration: { Type: MOCK } }
  Deployed: { Type: AWS::ApiGateway::Deployment, DependsOn: Any, Properties: { RestApiId: !Ref Shop, StageName: prod } }
  Web: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: web, ProtocolType: HTTP } }
  WebStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: $default, AutoDeploy: true } }
`;
const REST_DOMAIN = `  Domain: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: api.shop.test } }\n`;
const WEB_DOMAIN = `  Domain: { Type: AWS::ApiGatewayV2::DomainName, Properties: { DomainName: api.shop.test } }\n`;

const basePath = (more = "", name = "Mapping") =>
  `  ${name}: { Type: AWS::ApiGateway::BasePathMapping, Properties: { DomainName: !Ref Domain, RestApiId: !Ref Shop, Stage: prod${more} } }\n`;
const apiMapping = (more = "", name = "Mapping") =>
  `  ${name}: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: !Ref Domain, ApiId: !Ref Web, Stage: $default${more} } }\n`;

function load(text: string) {
  const { domains, findings: all } = loadRealStack(APIS + text);
  // An import that nothing exports has a finding of its own.
  const findings = all.filter(({ rule }) => rule !== "template-function-invalid");
  return {
    domains: domains.map(({ domain }) => domain),
    refusals: domains.map(({ refusals }) => refusals.map(({ rule, logicalId }) => `${rule}@${logicalId ?? ""}`)),
    findings,
    notes: findings
      .filter(({ effect }) => effect === "none")
      .map(({ rule, logicalId }) => `${rule}@${logicalId ?? ""}`),
  };
}

test("a domain is read with its mappings to APIs of both kinds", () => {
  const { domains, findings } = load(
    WEB_DOMAIN +
      basePath(", BasePath: shop", "First") +
      apiMapping("", "Second") +
      apiMapping(", ApiMappingKey: web/v1", "Third") +
      `  Fourth: { Type: AWS::ApiGatewayV2::ApiMapping, Properties: { DomainName: api.shop.test, ApiId: !Ref Shop, Stage: prod, ApiMappingKey: shop/v1 } }\n`,
  );
  expect(findings).toEqual([]);
  expect(domains).toMatchObject([
    {
      domainName: "api.shop.test",
      mappings: [
        { key: "shop", apiId: "shop", stageName: "prod" },
        { key: "", apiId: "web", stageName: "$default" },
        { key: "web/v1", apiId: "web", stageName: "$default" },
        { key: "shop/v1", apiId: "shop", stageName: "prod" },
      ],
      at: { line: 10 },
    },
  ]);
});

test("everything that a domain may have without deciding who gets in is taken", () => {
  const settings = `EndpointConfiguration: { Types: [EDGE], IpAddressType: ipv4 }, CertificateArn: c, RegionalCertificateArn: r, SecurityPolicy: TLS_1_2, OwnershipVerificationCertificateArn: o, RoutingMode: API_MAPPING_ONLY, EndpointAccessMode: BASIC, Tags: []`;
  const { findings } = load(REST_DOMAIN.replace("api.shop.test", `api.shop.test, ${settings}`) + basePath());
  expect(findings).toEqual([]);
  const configuration = `DomainNameConfigurations: [{ EndpointType: REGIONAL, CertificateArn: c, CertificateName: n, SecurityPolicy: TLS_1_2, IpAddressType: ipv4, OwnershipVerificationCertificateArn: o }], Tags: { a: b }`;
  expect(load(WEB_DOMAIN.replace("api.shop.test", `api.shop.test, ${configuration}`) + apiMapping()).findings).toEqual(
    [],
  );
});

test.each([
  ["an empty base path", ', BasePath: ""'],
  ["(none)", ", BasePath: (none)"],
])("%s maps every path", (_, more) => {
  expect(load(REST_DOMAIN + basePath(more)).domains[0]?.mappings).toEqual([
    { key: "", apiId: "shop", stageName: "prod" },
  ]);
});

test.each(["", "Stage: (none)", 'Stage: ""'])("a base path mapping with %j leaves the stage to the path", (stage) => {
  const { domains, findings } = load(REST_DOMAIN + basePath(", BasePath: v1").replace("Stage: prod", stage || "Id: x"));
  expect(findings).toEqual([]);
  expect(domains[0]?.mappings).toEqual([{ key: "v1", apiId: "shop" }]);
});

test("a wildcard domain is read as it is", () => {
  const { domains, findings } = load(REST_DOMAIN.replace("api.shop.test", '"*.shop.test"') + basePath());
  expect(findings).toEqual([]);
  expect(domains[0]?.domainName).toBe("*.shop.test");
});

describe("a domain is closed, unless the project accepts it, by", () => {
  test.each([
    ["mutual TLS", "MutualTlsAuthentication: { TruststoreUri: s3://b/k }", "custom-domain-mutual-tls"],
    ["routing rules alone", "RoutingMode: ROUTING_RULE_ONLY", "custom-domain-routing-mode"],
    ["routing rules before mappings", "RoutingMode: ROUTING_RULE_THEN_API_MAPPING", "custom-domain-routing-mode"],
    ["a strict access mode", "EndpointAccessMode: STRICT", "custom-domain-access-mode"],
    ["an unknown property", "MutualTLS: true", "custom-domain-property-unknown"],
    [
      "an unknown property of its endpoint",
      "EndpointConfiguration: { Type: [REGIONAL] }",
      "custom-domain-property-unknown",
    ],
    ["an unknown endpoint type", "EndpointConfiguration: { Types: [LOCAL] }", "custom-domain-property-invalid"],
    ["endpoint types that are no list", "EndpointConfiguration: { Types: REGIONAL }", "custom-domain-property-invalid"],
    ["an endpoint configuration that is none", "EndpointConfiguration: REGIONAL", "custom-domain-property-invalid"],
    ["a private endpoint", "EndpointConfiguration: { Types: [PRIVATE] }", "custom-domain-private"],
    ["a policy", "Policy: {}", "custom-domain-property-unknown"],
  ])("%s", (_, property, rule) => {
    const { domains, refusals, findings } = load(
      REST_DOMAIN.replace("api.shop.test", `api.shop.test, ${property}`) + basePath(),
    );
    expect(new Set(refusals[0])).toContain(`${rule}@Domain`);
    expect(domains[0]?.mappings).toHaveLength(1);
    for (const finding of findings.filter((each) => each.rule.startsWith("custom-domain"))) {
      expect(finding).toMatchObject({ effect: "domain", severity: "error", at: { line: 10 } });
    }
  });

  test.each([
    [
      "mutual TLS of an HTTP API's domain",
      "MutualTlsAuthentication: { TruststoreUri: s3://b/k }",
      "custom-domain-mutual-tls",
    ],
    ["configurations that are no list", "DomainNameConfigurations: {}", "custom-domain-property-invalid"],
    [
      "an unknown property of a configuration",
      "DomainNameConfigurations: [{ MutualTls: 1 }]",
      "custom-domain-property-unknown",
    ],
    ["a private configuration", "DomainNameConfigurations: [{ EndpointType: PRIVATE }]", "custom-domain-private"],
  ])("%s", (_, property, rule) => {
    const { refusals } = load(WEB_DOMAIN.replace("api.shop.test", `api.shop.test, ${property}`) + apiMapping());
    expect(refusals).toEqual([[`${rule}@Domain`]]);
  });

  test("being private, whatever its policy says", () => {
    const { domains, refusals } = load(
      `  Domain: { Type: AWS::ApiGateway::DomainNameV2, Properties: { DomainName: api.shop.test, Policy: {} } }
  Mapping: { Type: AWS::ApiGateway::BasePathMappingV2, Properties: { DomainNameArn: !Ref Domain, RestApiId: !Ref Shop, Stage: prod } }
  Other: { Type: AWS::ApiGateway::BasePathMappingV2, Properties: { DomainNameArn: !GetAtt Domain.DomainNameArn, RestApiId: !Ref Shop, Stage: prod, BasePath: v1 } }
`,
    );
    expect(refusals).toEqual([["custom-domain-policy@Domain", "custom-domain-private@Domain"]]);
    expect(domains[0]?.mappings.map(({ key }) => key)).toEqual(["", "v1"]);
  });

  test.each([
    ["an unknown property of a mapping", basePath(", Path: v1"), "custom-domain-property-unknown@Mapping"],
    ["a stage that the API does not have", basePath().replace("prod", "dev"), "custom-domain-stage-unknown@Mapping"],
    ["an API of another template", basePath().replace("!Ref Shop", "other"), "custom-domain-api-unknown@Mapping"],
    [
      "a base path mapping of an HTTP API",
      basePath().replace("!Ref Shop", "!Ref Web"),
      "custom-domain-api-unknown@Mapping",
    ],
  ])("%s", (_, mapping, refusal) => {
    expect(load(REST_DOMAIN + mapping).refusals).toEqual([[refusal]]);
  });
});

describe("a domain is closed for good, since what it serves is not known, by", () => {
  test.each([
    ["a mapping without API", basePath().replace("RestApiId: !Ref Shop, ", ""), "custom-domain-api-unknown@"],
    ["an API that is not resolved", basePath().replace("!Ref Shop", "!ImportValue x"), "custom-domain-api-unknown@"],
    ["a stage that is not resolved", basePath().replace("prod", "!ImportValue x"), "custom-domain-stage-unknown@"],
    ["a base path of two levels", basePath(", BasePath: a/b"), "custom-domain-key-invalid@"],
    ["a base path that is no text", basePath(", BasePath: [a]"), "custom-domain-key-invalid@"],
    ["a base path with odd characters", basePath(", BasePath: a%2Fb"), "custom-domain-key-invalid@"],
    ["a key that begins with a slash", apiMapping(", ApiMappingKey: /a"), "custom-domain-key-invalid@"],
    ["a key that ends in a slash", apiMapping(", ApiMappingKey: a/"), "custom-domain-key-invalid@"],
    ["a key with an empty level", apiMapping(", ApiMappingKey: a//b"), "custom-domain-key-invalid@"],
    ["a key that is a slash", apiMapping(", ApiMappingKey: /"), "custom-domain-key-invalid@"],
    [
      "the key (none), which only base path mappings have",
      apiMapping(", ApiMappingKey: (none)"),
      "custom-domain-key-invalid@",
    ],
    ["a key that is too long", apiMapping(`, ApiMappingKey: ${"a".repeat(301)}`), "custom-domain-key-invalid@"],
    ["an API mapping without stage", apiMapping().replace(", Stage: $default", ""), "custom-domain-stage-unknown@"],
    [
      "one key twice",
      apiMapping(", ApiMappingKey: a", "One") + apiMapping(", ApiMappingKey: a", "Two"),
      "custom-domain-key-twice@",
    ],
    [
      "the empty key twice",
      apiMapping("", "One") + apiMapping(', ApiMappingKey: ""', "Two"),
      "custom-domain-key-twice@",
    ],
    ["another domain of the name", apiMapping() + WEB_DOMAIN.replace("Domain:", "Again:"), "custom-domain-twice@"],
    [
      "a mapping that names no domain",
      apiMapping() + apiMapping("", "Lost").replace("DomainName: !Ref Domain, ", ""),
      "custom-domain-name-invalid@",
    ],
    [
      "a mapping with a domain that is none",
      apiMapping() + apiMapping("", "Lost").replace("!Ref Domain", "[x]"),
      "custom-domain-name-invalid@",
    ],
  ])("%s", (_, mappings, refusal) => {
    const domain = mappings.includes("ApiGatewayV2") ? WEB_DOMAIN : REST_DOMAIN;
    expect(load(domain + mappings).refusals).toEqual([[refusal]]);
  });

  test("a key of 300 characters is not too long", () => {
    expect(load(WEB_DOMAIN + apiMapping(`, ApiMappingKey: ${"a".repeat(300)}`)).findings).toEqual([]);
  });
});

test.each([
  "localhost",
  "shop",
  "Api.shop.test",
  "api.shop.test.",
  "api.shop.test:443",
  "-api.shop.test",
  "api..shop.test",
  "api_1.shop.test",
  "user@shop.test",
  "10.0.0.1",
  "'[::1]'",
  '"*"',
  '"*.localhost"',
  '"*.test"',
  '"a*.shop.test"',
  '"*.*.shop.test"',
  "api.execute-api.localhost",
  '"*.execute-api.localhost"',
  "shop.execute-api.eu-west-1.amazonaws.com",
  "amazonaws.com",
  "console.localhost",
  `${"a".repeat(64)}.shop.test`,
  `${"a.".repeat(130)}test`,
  "!ImportValue name",
  "''",
])("the name %s opens nothing", (name) => {
  const { domains, findings } = load(REST_DOMAIN.replace("api.shop.test", name) + basePath());
  expect(domains).toEqual([]);
  expect(findings).toMatchObject([{ rule: "custom-domain-name-invalid", effect: "domain", severity: "error" }]);
});

test.each(["a.localhost", "xn--bcher-kva.example", `${"a".repeat(63)}.shop.test`, '"*.shop.localhost"'])(
  "the name %s is served",
  (name) => {
    expect(load(REST_DOMAIN.replace("api.shop.test", name) + basePath()).findings).toEqual([]);
  },
);

test("a mapping to a domain that stands elsewhere is served only when the project accepts it", () => {
  const { domains, refusals, findings } = load(
    basePath("", "One").replace("!Ref Domain", "api.shop.test") +
      basePath(", BasePath: v1", "Two").replace("!Ref Domain", "api.shop.test"),
  );
  expect(refusals).toEqual([["custom-domain-not-in-stack@One"]]);
  expect(findings).toMatchObject([{ severity: "warning", effect: "domain" }]);
  expect(domains[0]?.mappings.map(({ key }) => key)).toEqual(["", "v1"]);
});

test("a mapping to an imported domain is said to open nothing", () => {
  const { domains, notes } = load(basePath().replace("!Ref Domain", "!ImportValue domain"));
  expect(domains).toEqual([]);
  expect(notes).toEqual(["custom-domain-not-opened@Mapping"]);
});

test("a root resource that AWS keeps for itself is named where the API is mapped to the root of a domain", () => {
  const ping = ["ping", "sping", "pings"]
    .map(
      (part) =>
        `  Res${part}: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Shop, ParentId: !GetAtt Shop.RootResourceId, PathPart: ${part} } }
  Get${part}: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Shop, ResourceId: !Ref Res${part}, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: MOCK } } }\n`,
    )
    .join("");
  const { findings, refusals } = load(REST_DOMAIN + ping + basePath());
  expect(refusals).toEqual([[]]);
  expect(findings.map(({ rule, message }) => `${rule} ${/maps (\S+)/.exec(message)?.[1]}`)).toEqual([
    "custom-domain-path-reserved /ping",
    "custom-domain-path-reserved /sping",
  ]);
  expect(load(REST_DOMAIN + ping + basePath(", BasePath: v1")).findings).toEqual([]);
});

test("access associations and routing rules are named", () => {
  const { refusals, notes } = load(
    `${REST_DOMAIN}  Associated: { Type: AWS::ApiGateway::DomainNameAccessAssociation, Properties: {} }
  Rule: { Type: AWS::ApiGatewayV2::RoutingRule, Properties: {} }
`,
  );
  expect(refusals).toEqual([[]]);
  expect(notes).toEqual(["custom-domain-not-opened@Associated", "custom-domain-not-opened@Rule"]);
});
