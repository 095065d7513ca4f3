import { parseKeySet } from "../../token/key-set.ts";
import { verifyJwt } from "../../token/verify-jwt.ts";
import type { IssuerContext } from "../issuer-context.ts";
import {
  headerValues,
  type IssuerAnswer,
  type IssuerRequest,
  methodAndPath,
  NO_STORE,
  textAnswer,
  utf8JsonAnswer,
} from "../issuer-request.ts";
import { findUser, type User } from "../tenant/tenant.ts";
import { userClaims } from "../tokens/user-claims.ts";
import { scopesOf } from "./token-answer.ts";

/** (?) Neither has been seen on a live tenant. */
const UNAUTHORIZED = "Unauthorized";
const CHALLENGE = 'Bearer error="invalid_token"';

/** Whom an access token speaks of, and what it may tell. */
interface Insight {
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly customClaims: Readonly<Record<string, unknown>>;
}

/** /userinfo: what the token's scopes tell of the user (R: the members), as the tenant knows it now. */
export async function answerUserinfo(request: IssuerRequest, context: IssuerContext): Promise<IssuerAnswer> {
  const read = await readUser(request, context);
  if (!read.ok) {
    context.state.emit({
      kind: "refused",
      endpoint: methodAndPath(request),
      reason: "access_token_refused",
      description: UNAUTHORIZED,
      actual: read.because,
    });
    const answer = textAnswer(401, UNAUTHORIZED);
    return { ...answer, headers: [...answer.headers, "www-authenticate", CHALLENGE] };
  }
  const { customClaims, scopes, user } = read.value;
  return utf8JsonAnswer(200, { ...userClaims(user, scopes), ...customClaims, sub: user.userId }, NO_STORE);
}

async function readUser(
  request: IssuerRequest,
  context: IssuerContext,
): Promise<Read<Insight & { readonly user: User }>> {
  const token = bearerToken(request);
  if (!token.ok) return token;
  const insight = await readAccessToken(token.value, context);
  if (!insight.ok) return insight;
  // Its code was used a second time.
  if (await context.state.endedTokens.isEnded(token.value)) return { ok: false, because: "token_ended" };
  const user = findUser(context.tenant, insight.value.userId);
  if (!user) return { ok: false, because: "user_unknown" };
  if (user.isBlocked) return { ok: false, because: "user_blocked" };
  // OpenID Connect Core §5.3
  if (!insight.value.scopes.includes("openid")) return { ok: false, because: "openid_missing" };
  return { ok: true, value: { ...insight.value, user } };
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly because: string };

/** Only in the header: a token in the address would be in logs and histories. */
function bearerToken(request: IssuerRequest): Read<string> {
  const values = headerValues(request, "authorization");
  const value = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(values[0] ?? "")?.[1];
  if (values.length === 1 && value !== undefined) return { ok: true, value };
  return { ok: false, because: values.length === 0 ? "token_missing" : "authorization_malformed" };
}

async function readAccessToken(token: string, context: IssuerContext): Promise<Read<Insight>> {
  const { issuerUrl, state, tenant } = context;
  if (token.split(".").length === 5) {
    const value = await state.opaqueTokens.read(issuerUrl, token);
    return value ? { ok: true, value } : { ok: false, because: "opaque_token_unknown" };
  }
  const parsed = parseKeySet(state.keys.jwks(["RS256", "PS256"]), { fetchedAtMs: state.clock() });
  if (!parsed.ok) return { ok: false, because: parsed.reason };
  // An API may speak for the real tenant, and its tokens then name that.
  const issuers = [...new Set([issuerUrl, ...tenant.apis.map(({ issuer }) => issuer ?? issuerUrl)])];
  const verdict = verifyJwt(token, {
    keys: parsed.keys,
    algorithms: ["RS256", "PS256"],
    issuers,
    audiences: issuers.map((issuer) => `${issuer}userinfo`),
    nowSeconds: state.clock() / 1000,
  });
  if (!verdict.ok) return { ok: false, because: verdict.reason };
  const { claims } = verdict;
  // Our signature: what we write is a string.
  const scopes = scopesOf(claims.scope as string | undefined);
  const customClaims = await state.userinfoClaims.find(token);
  return { ok: true, value: { userId: String(claims.sub), scopes, customClaims } };
}
