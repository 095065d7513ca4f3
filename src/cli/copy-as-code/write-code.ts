import { UsageError } from "../arguments.ts";
import { CODE_LANGUAGES, type CodeLanguage, type CodeLanguageName } from "./code-language.ts";
import { type CodeRequest, type CodeText, checkCodeRequest, joined, plain, requestTarget } from "./code-request.ts";

/** In quotes of one kind, without others inside: no value is in the program yet. */
const QUOTED = /(["'])[^"'\n]*gw-[a-z][^"'\n]*\1/g;
const MARK = /gw-[a-z]+\d*/;

/**
 * Writes the program that sends a request and prints the answer.
 *
 *     await writeCode({ method: "GET", url, headers: [] }, "curl");
 *
 * httpsnippet-lite gives the program's shape for harmless marks in place of all values. Each literal with a mark is then
 * written anew by us, quoted for its language: the library's own quoting is wrong for many a value, and knows no variables.
 *
 * @throws UsageError for a request that the language's client would send otherwise
 */
export async function writeCode(request: CodeRequest, name: CodeLanguageName): Promise<string> {
  checkCodeRequest(request);
  const language: CodeLanguage = CODE_LANGUAGES[name];
  const refused = request.headers.find((each) => each.name.toLowerCase() === language.refusedHeader);
  if (refused) {
    throw new UsageError(`the client of --as-code ${name} sets ${refused.name} itself. Put that host into the URL.`);
  }
  const values = new Map<string, CodeText>();
  const mark = (kind: string, text: CodeText): string => {
    const key = `gw-${kind}${values.size}`;
    values.set(key, joined(text));
    return key;
  };
  const { method, url, body } = request;
  const headers = request.headers.map(({ name: field, value }) => ({
    // Some clients treat this one apart, so they must see it. All other names may hold quotes and dollars.
    name: field.toLowerCase() === "content-type" ? "Content-Type" : mark("name", [field]),
    value: mark(joined(value)[0] === "" && language.endsEmptyHeader ? "empty" : "value", value),
  }));
  const isContentType = (field: { readonly name: string }): boolean => field.name === "Content-Type";
  const origin = `${url.protocol}//${url.host}`;
  const { HTTPSnippet } = await import("httpsnippet-lite");
  const snippet = new HTTPSnippet({
    method,
    url: `${origin}/${mark("path", [requestTarget(url).slice(1)])}`,
    headers,
    ...(body && {
      postData: { mimeType: headers.find(isContentType)?.value ?? "text/plain", text: mark("body", body) },
    }),
  } as unknown as ConstructorParameters<typeof HTTPSnippet>[0]); // its type asks for members that it adds itself
  const written = await snippet.convert(language.target as "shell", language.client);
  if (typeof written !== "string") throw new Error(`httpsnippet-lite does not write ${language.target}`);
  const readsVariables = [...values.values()].flat().some((piece) => typeof piece !== "string");
  const program = (language.mend?.(written, request, readsVariables) ?? written).replaceAll(/[ \t]+$/gm, "");
  return program.replaceAll(language.literalPattern ?? QUOTED, (quoted) => {
    const bare = quoted.replaceAll(/["']/g, "").replace(/: gw-empty\d+$/, language.endsEmptyHeader ?? ": ");
    const text = joined(unmark(bare, values));
    const literal = language.literal(text);
    const isBody = quoted.includes("gw-body");
    return isBody && language.encodeBody && /\P{ASCII}/u.test(plain(text)) ? language.encodeBody(literal) : literal;
  });
}

/** The texts that a marked literal stands for. */
function unmark(literal: string, values: ReadonlyMap<string, CodeText>): CodeText {
  const at = MARK.exec(literal);
  if (at === null) return [literal];
  const before = literal.slice(0, at.index);
  const after = literal.slice(at.index + at[0].length);
  return [before, ...(values.get(at[0]) ?? [at[0]]), ...unmark(after, values)];
}
