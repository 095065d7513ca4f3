import { Budget } from "./mapping/velocity/budget.ts";
import { compileJavaRegex } from "./mapping/velocity/java-regex.ts";
import { TemplateError } from "./mapping/velocity/template-error.ts";

/** A Java regular expression compared with whole values, as `Matcher.matches` does. */
export type WholeMatchVerdict =
  | { readonly ok: true; readonly matches: (value: string) => boolean }
  | { readonly ok: false; readonly message: string };

/** Work one comparison may cost; a value that needs more does not match, so that a hostile one cannot hold the process. */
const WHOLE_MATCH_MAX_STEPS = 100_000;

/** Compiles an expression such as identityValidationExpression or selectionPattern. */
export function compileWholeMatch(expression: string): WholeMatchVerdict {
  const verdict = compileJavaRegex(expression);
  if (!verdict.ok) return verdict;
  const { regex } = verdict;
  return {
    ok: true,
    matches: (value) => {
      try {
        return regex.matches(value, new Budget(WHOLE_MATCH_MAX_STEPS));
      } catch (error) {
        if (error instanceof TemplateError) return false;
        throw error;
      }
    },
  };
}
