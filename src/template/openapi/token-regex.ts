import { createContext, Script } from "node:vm";
import type { SourcePosition } from "../../model/finding.ts";
import type { Problem } from "../report.ts";

/** A pattern that needs longer for these short samples is not judged. */
export const REGEX_TIME_LIMIT_MS = 50;

/** Shaped like JWTs; the second holds both characters that base64url has beyond letters and digits. */
const PLAIN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";
const BASE64URL = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln-mF0dX_l";
const REMEDY = "Write ^Bearer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$ (without Bearer if clients send none).";

/**
 * What will surprise about a token validation expression: it must match the whole header value (D), and it is often
 * written for an alphabet that tokens do not have.
 */
export function adviseTokenRegex(expression: string, authorizer: string, at: SourcePosition): Problem[] {
  const results = tryRegex(expression);
  if (!results) return [];
  const advice: Problem[] = [];
  const [plain, base64url] = results;
  const say = (rule: string, message: string): void => {
    advice.push({ rule, at, message: `identityValidationExpression of ${authorizer} ${message}`, fix: REMEDY });
  };
  if (plain.full && !base64url.full) {
    say("token-regex-base64url", "refuses the characters - or _, which almost every signed token contains.");
  } else if (base64url.full && /A-z/.test(expression)) {
    say("token-regex-base64url", "lets _ through only because A-z also spans [ \\ ] ^ _ and the backtick.");
  } else if (base64url.found && !base64url.full) {
    say(
      "token-regex-rejects",
      "matches the beginning or a part of a token, but AWS wants it to match the whole value.",
    );
  }
  return advice;
}

interface Match {
  /** The expression matches the whole value. */
  readonly full: boolean;
  /** It matches somewhere in it. */
  readonly found: boolean;
}

/**
 * How the expression treats a token without and one with base64url characters, with the prefix it seems to want.
 * Undefined when JavaScript cannot compile it (Java may) or takes too long.
 */
function tryRegex(expression: string): readonly [Match, Match] | undefined {
  const context = createContext({ expression, samples: [PLAIN, BASE64URL], result: undefined as unknown });
  const script = new Script(`
    const whole = new RegExp("^(?:" + expression + ")$"), part = new RegExp(expression);
    result = samples.map((token) => {
      const values = ["Bearer " + token, token];
      return { full: values.some((value) => whole.test(value)), found: values.some((value) => part.test(value)) };
    });
  `);
  try {
    script.runInContext(context, { timeout: REGEX_TIME_LIMIT_MS });
  } catch {
    return undefined;
  }
  return context.result as readonly [Match, Match];
}
