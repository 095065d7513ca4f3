import type { Budget } from "./velocity/budget.ts";
import { HostObject, type JavaValue } from "./velocity/java-value.ts";
import { parseJson } from "./velocity/parse-json.ts";
import { printValue } from "./velocity/print-value.ts";

type UtilFunction = (text: string, budget: Budget) => JavaValue;

/** The six functions of API Gateway's `$util`; `toJson`, `error`, `qr` and the like are AppSync's. */
const FUNCTIONS: ReadonlyMap<string, UtilFunction> = new Map<string, UtilFunction>([
  ["escapeJavaScript", escapeJavaScript],
  ["parseJson", parseJsonText],
  ["urlEncode", urlEncode],
  ["urlDecode", urlDecode],
  ["base64Encode", (text) => Buffer.from(text, "utf8").toString("base64")],
  ["base64Decode", (text) => Buffer.from(text, "base64").toString("utf8")],
]);

/** `$util` (D: Developer Guide, "Mapping template and access logging variable reference"). */
class UtilVariable extends HostObject {
  override property(): JavaValue {
    return null;
  }

  override call(name: string, args: readonly JavaValue[], budget: Budget): JavaValue | undefined {
    const [argument = null] = args;
    const run = FUNCTIONS.get(name);
    if (run === undefined || args.length !== 1) return undefined;
    const text = argument === null ? "" : printValue(argument, budget);
    budget.chargeChars(text.length);
    budget.allowString(text.length);
    const result = run(text, budget);
    if (typeof result === "string") budget.allowString(result.length);
    return result;
  }

  override print(): string {
    return "$util";
  }
}

/** Has no state, so that all templates share it. */
export const UTIL_VARIABLE: HostObject = new UtilVariable();

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "'": "\\'", // not valid JSON: AWS tells authors to append .replaceAll("\\'","'") (D)
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/", // (C: `*\/*` in a published execution log)
  "\b": "\\b",
  "\n": "\\n",
  "\t": "\\t",
  "\f": "\\f",
  "\r": "\\r",
};

/** Other control and non-ASCII characters become `\u00E9`, with capital digits (D: REST JWT claims page shows this form). */
function escapeJavaScript(text: string): string {
  return text.replace(/['"\\/]|[^ -~]/g, (char) => {
    const short = Object.hasOwn(SHORT_ESCAPES, char) ? SHORT_ESCAPES[char] : undefined;
    return short ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  });
}

function parseJsonText(text: string, budget: Budget): JavaValue {
  if (text.trim() === "") return null; // (?)
  const verdict = parseJson(text);
  if (verdict.ok) return verdict.value;
  return budget.fail("argument", `$util.parseJson wants ${verdict.expected} at character ${verdict.offset}`);
}

/** java.net.URLEncoder: a form's encoding, so a space is `+` (R: test_input_body_formatting). */
function urlEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** java.net.URLDecoder; what is not encoded properly throws there, and so here. */
function urlDecode(text: string, budget: Budget): string {
  const bytes: number[] = [];
  let output = "";
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === "%") {
      const hex = text.slice(index + 1, index + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) budget.fail("argument", `$util.urlDecode: "%${hex}" is no encoded byte`);
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
      if (text.charAt(index + 1) === "%") continue;
      output += Buffer.from(bytes.splice(0)).toString("utf8");
    } else output += char === "+" ? " " : char;
  }
  return output;
}
