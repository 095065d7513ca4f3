import type { TemplatePosition } from "./template-error.ts";

/** A template as parsed: Velocity 1.7's statements. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | PrintStatement
  | { readonly kind: "set"; readonly target: Reference; readonly value: Expression; readonly at: TemplatePosition }
  | IfStatement
  | {
      readonly kind: "foreach";
      readonly variable: string;
      readonly list: Expression;
      readonly body: readonly Statement[];
      readonly at: TemplatePosition;
    }
  | { readonly kind: "define"; readonly name: string; readonly body: readonly Statement[] }
  | CallStatement
  | { readonly kind: "break" }
  | { readonly kind: "stop" };

/** A reference in text. An escaped one (`\$x`) prints its own source, with the backslash only when it is undefined. */
export interface PrintStatement {
  readonly kind: "print";
  readonly reference: Reference;
  /** What backslashes before the `$` print as: half of them. */
  readonly prefix: string;
  readonly escaped: boolean;
}

export interface IfStatement {
  readonly kind: "if";
  readonly branches: readonly { readonly condition: Expression; readonly body: readonly Statement[] }[];
  readonly otherwise: readonly Statement[];
  readonly at: TemplatePosition;
}

/** `#name(args)` or `#@name(args) … #end`; what no macro is called is printed as it stands. */
export interface CallStatement {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
  readonly body: readonly Statement[] | undefined;
  readonly source: string;
  readonly at: TemplatePosition;
}

export interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: readonly Statement[];
}

export interface Reference {
  readonly kind: "reference";
  readonly name: string;
  readonly steps: readonly ReferenceStep[];
  /** `$!x`: prints nothing when undefined. */
  readonly quiet: boolean;
  readonly source: string;
  readonly at: TemplatePosition;
}

export type ReferenceStep =
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "index"; readonly index: Expression }
  | { readonly kind: "method"; readonly name: string; readonly args: readonly Expression[] };

export type ComparisonOperator = "==" | "!=" | "<" | ">" | "<=" | ">=";

export type Expression =
  | Reference
  | { readonly kind: "literal"; readonly value: string | boolean | number | bigint }
  | { readonly kind: "double"; readonly value: number }
  /** A double-quoted string with references or directives in it. */
  | { readonly kind: "interpolated"; readonly body: readonly Statement[] }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "range"; readonly from: Expression; readonly to: Expression }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: "comparison";
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "arithmetic";
      readonly operator: "+" | "-" | "*" | "/" | "%";
      readonly left: Expression;
      readonly right: Expression;
      readonly at: TemplatePosition;
      /** Sources of both sides: `"a" + $undefined` prints the name of what is undefined (Velocity 1.7). */
      readonly sources: readonly [string, string];
    };
