import { readFileSync } from "node:fs";
import type { CompiledRules } from "../../authorizer/compiled-rules.ts";
import type { ApiDeclaration } from "../../issuer/tenant/tenant-store.ts";
import type { Route } from "../../model/http-api.ts";
import type { Method } from "../../model/rest-api.ts";
import { trustedIssuers } from "./contact-issuers.ts";
import type { LoadedApi, LoadedProject } from "./load-project.ts";

/** What the issuer reads of a project. */
export type IssuerProject = Pick<LoadedProject, "apis" | "functions" | "localIssuers" | "tenant" | "userPools">;

/**
 * The APIs (audiences) and scopes of the project: those that authorizer functions are configured with, and those of JWT
 * authorizers that trust this issuer, or one that it speaks for. A user pool that it stands in for is an API by the
 * pool's id.
 *
 * @param ownUrls of the issuer's two listeners: whichever is asked for a token is the token's issuer
 */
export function audiencesOf(project: IssuerProject, ownUrls: readonly string[]): readonly ApiDeclaration[] {
  const apis: ApiDeclaration[] = [];
  for (const { environment } of project.functions) {
    const issuers = listOf(environment.TOKEN_ISSUER);
    const spokenFor = issuers.find((issuer) => project.localIssuers.includes(issuer));
    // Its tokens are taken by the name it has there, unless this issuer's own are taken too.
    const another =
      spokenFor === undefined || issuers.some((each) => ownUrls.includes(each)) ? {} : { issuer: spokenFor };
    for (const identifier of listOf(environment.AUDIENCE)) {
      apis.push({ identifier, scopes: scopesOf(environment.RULES_FILE), ...another });
    }
  }
  for (const loaded of project.apis) {
    for (const { issuer, audience, authorizerId } of trustedIssuers(loaded, project.userPools)) {
      // Below it are the issuers of its profiles.
      const isOwn = ownUrls.some((url) => issuer.startsWith(url));
      if (!isOwn && !project.localIssuers.includes(issuer)) continue;
      const guarded = guardedBy(authorizerId, loaded);
      const scopes = [...new Set(guarded.flatMap((each) => each.authorizationScopes))];
      const another = ownUrls.includes(issuer) ? {} : { issuer };
      apis.push(...audience.map((identifier) => ({ identifier, scopes, ...another })));
    }
  }
  const ours = new Set(apis.flatMap(({ identifier, issuer }) => (issuer === undefined ? [identifier] : [])));
  // An API of several issuers gets this one's tokens.
  return apis.map(({ issuer, ...api }) =>
    issuer === undefined || ours.has(api.identifier) ? api : { ...api, issuer },
  );
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((each) => each.trim() || []);
}

/** Issuers that authorizers name and that this one is not, nor speaks for. */
export function foreignIssuers(project: IssuerProject, ownUrls: readonly string[]): readonly string[] {
  const named = [
    ...project.functions.flatMap(({ environment }) => listOf(environment.TOKEN_ISSUER)),
    ...project.apis.flatMap((loaded) => trustedIssuers(loaded, project.userPools).map(({ issuer }) => issuer)),
  ];
  const isOurs = (issuer: string): boolean =>
    project.localIssuers.includes(issuer) || ownUrls.some((url) => issuer.startsWith(url));
  return [...new Set(named)].filter((issuer) => !isOurs(issuer));
}

function guardedBy(authorizerId: string, { type, api }: LoadedApi): readonly (Route | Method)[] {
  const all = type === "HTTP" ? api.routes : api.resources.flatMap((resource) => resource.resourceMethods);
  return all.filter((each) => each.authorizerId === authorizerId);
}

/** Scopes that an authorizer's compiled rules name; rules that cannot be read name none, the authorizer itself will say why. */
function scopesOf(rulesFile: string | undefined): readonly string[] {
  if (rulesFile === undefined) return [];
  try {
    const rules = JSON.parse(readFileSync(rulesFile, "utf8")) as CompiledRules;
    const clauses = rules.requirements.flat().filter((clause) => clause.claim === "scope");
    return [...new Set(clauses.flatMap((clause) => [...(clause.anyOf ?? []), ...(clause.allOf ?? [])].map(String)))];
  } catch {
    return [];
  }
}
