import { dirname } from "node:path";
import type { Finding, SourcePosition } from "../model/finding.ts";
import { readDocument } from "./document.ts";
import { FieldReader } from "./project-file/field-reader.ts";
import { type ProjectFunction, readProjectFunction } from "./project-file/project-function.ts";
import { type ProjectStage, readProjectStage } from "./project-file/project-stage.ts";
import {
  type ProjectApiKey,
  type ProjectUsagePlan,
  readProjectApiKey,
  readProjectUsagePlan,
} from "./project-file/usage-plans.ts";
import { SourceNode, show } from "./source-node.ts";

/** `gatewarden.yaml`, checked, with every path absolute. */
export interface ProjectFile {
  readonly files: readonly string[];
  /** Parameters of CloudFormation templates. */
  readonly parameters: Readonly<Record<string, string>>;
  /** By function ARN or name. */
  readonly functions: Readonly<Record<string, ProjectFunction>>;
  /** By API id. */
  readonly stages: Readonly<Record<string, ProjectStage>>;
  /** Issuer URLs that the local issuer may speak for. */
  readonly issuers: Readonly<Record<string, "local">>;
  readonly accept: readonly AcceptedFinding[];
  /** The issuer's tenant file, absolute. */
  readonly tenant?: string;
  /** The file of users and roles, absolute. */
  readonly iam?: string;
  /** By ARN of a Cognito user pool. */
  readonly userPools: Readonly<Record<string, ProjectUserPool>>;
  /** By name. */
  readonly apiKeys: Readonly<Record<string, ProjectApiKey>>;
  /** By name. */
  readonly usagePlans: Readonly<Record<string, ProjectUsagePlan>>;
  /** In whose words AWS refuses a signature: AWS changed them in 2023. */
  readonly signatureErrors?: SignatureErrors;
}

/** `RULE@LogicalId`: a finding the user takes responsibility for. */
export interface AcceptedFinding {
  readonly rule: string;
  readonly logicalId: string;
  readonly at: SourcePosition;
}

/** The issuer that answers for a user pool here. */
export interface ProjectUserPool {
  readonly issuer: string;
  readonly at: SourcePosition;
}

const SIGNATURE_ERRORS = ["current", "before-2023"] as const;
type SignatureErrors = (typeof SIGNATURE_ERRORS)[number];

export type ProjectVerdict =
  | { readonly ok: true; readonly project: ProjectFile }
  | { readonly ok: false; readonly findings: readonly Finding[] };

const ROOT_KEYS = new Set([
  "files",
  "parameters",
  "functions",
  "stages",
  "issuers",
  "accept",
  "tenant",
  "iam",
  "userPools",
  "apiKeys",
  "usagePlans",
  "signatureErrors",
]);
/** What stands for the local issuer's URL (with its trailing slash) in parameters, environment values and user pools. */
export const ISSUER_PLACEHOLDER = "${gatewarden.issuer}";
const USER_POOL_ARN = /^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/[\w-]+$/;

/** A project with nothing in it. */
export const EMPTY_PROJECT: ProjectFile = {
  files: [],
  parameters: {},
  functions: {},
  stages: {},
  issuers: {},
  accept: [],
  userPools: {},
  apiKeys: {},
  usagePlans: {},
};

/** Reads the text of `gatewarden.yaml`; every problem is a finding with effect `load` and a place. */
export function readProjectFile(text: string, file: string): ProjectVerdict {
  const verdict = readDocument(file, text);
  if (!verdict.ok) return verdict;
  const reader = new FieldReader(dirname(file));
  const project = readProject(SourceNode.root(verdict.document), reader);
  const { findings } = reader.report;
  return findings.length > 0 ? { ok: false, findings } : { ok: true, project };
}

function readProject(root: SourceNode, reader: FieldReader): ProjectFile {
  // An empty file is a project with nothing in it.
  if (root.value !== null) reader.expectMapping(root, "the project file");
  reader.refuseUnknownKeys(root, ROOT_KEYS, "project file");
  const list = (key: string): SourceNode[] => reader.list(root.get(key));
  const mapping = <Value>(key: string, read: (node: SourceNode, reader: FieldReader) => Value | undefined) =>
    reader.mapping(root.get(key), (node) => read(node, reader));
  const tenant = reader.path(root.get("tenant"), "a path");
  const iam = reader.path(root.get("iam"), "a path");
  const signatureErrors = readSignatureErrors(root.get("signatureErrors"), reader);
  return {
    files: list("files").flatMap((item) => reader.path(item, "a path") ?? []),
    parameters: reader.texts(root.get("parameters")),
    functions: mapping("functions", readProjectFunction),
    stages: mapping("stages", readProjectStage),
    issuers: mapping("issuers", readIssuer),
    accept: list("accept").flatMap((item) => readAccepted(item, reader) ?? []),
    ...(tenant !== undefined && { tenant }),
    ...(iam !== undefined && { iam }),
    userPools: mapping("userPools", readUserPool),
    apiKeys: mapping("apiKeys", readProjectApiKey),
    usagePlans: mapping("usagePlans", readProjectUsagePlan),
    ...(signatureErrors && { signatureErrors }),
  };
}

function readSignatureErrors(node: SourceNode | undefined, reader: FieldReader): SignatureErrors | undefined {
  const word = SIGNATURE_ERRORS.find((each) => each === node?.value);
  if (node && word === undefined) reader.invalid(node, show(node.value), SIGNATURE_ERRORS.join(" or "));
  return word;
}

function readIssuer(node: SourceNode, reader: FieldReader): "local" | undefined {
  if (!isWebUrl(node.name)) {
    const message = `The issuer ${show(node.name)} is not a URL, wanted one such as https://tenant.auth0.com/.`;
    reader.refuse(node.keyAt(), message, "Copy it from the token's iss, with or without the trailing slash.");
  }
  if (node.value === "local") return "local";
  reader.invalid(node, show(node.value), "local");
  return undefined;
}

function readUserPool(node: SourceNode, reader: FieldReader): ProjectUserPool | undefined {
  if (!USER_POOL_ARN.test(node.name)) {
    const wanted = "one such as arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI";
    reader.refuse(node.keyAt(), `The user pool ${show(node.name)} is not an ARN, wanted ${wanted}.`);
  }
  const issuer = reader.text(node, "an issuer URL");
  if (issuer === undefined) return undefined;
  // An issuer that speaks as Cognito does is a path below the local one's.
  if (isWebUrl(issuer.replace(ISSUER_PLACEHOLDER, "http://localhost/"))) return { issuer, at: node.keyAt() };
  reader.invalid(node, show(issuer), `an issuer URL such as ${ISSUER_PLACEHOLDER}us-east-1_AbCdEfGhI`);
  return undefined;
}

function isWebUrl(text: string): boolean {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  return protocol === "https:" || protocol === "http:";
}

function readAccepted(node: SourceNode, reader: FieldReader): AcceptedFinding | undefined {
  const match = typeof node.value === "string" ? /^([a-z0-9]+(?:-[a-z0-9]+)*)@(\S+)$/.exec(node.value) : null;
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { rule: match[1], logicalId: match[2], at: node.at() };
  }
  reader.invalid(node, show(node.value), "RULE@LogicalId as a finding prints it");
  return undefined;
}
