import { CODE_LANGUAGES, type CodeLanguageName } from "./code-language.ts";
import type { CodeRequest } from "./code-request.ts";
import { writeCode } from "./write-code.ts";

export interface Step {
  /** One line that says what the step is for. */
  readonly title: string;
  readonly request: CodeRequest;
}

/** Writes each step as a program of its own, under a comment with its number and title; a single step without one. */
export async function writeSteps(steps: readonly Step[], language: CodeLanguageName): Promise<string> {
  const { comment } = CODE_LANGUAGES[language];
  const written: string[] = [];
  for (const [index, { title, request }] of steps.entries()) {
    const code = (await writeCode(request, language)).trimEnd();
    const line = `${comment} Step ${index + 1}: ${inComment(title)}\n`;
    // Before `<?php` everything is output.
    const open = code.startsWith("<?php\n") ? "<?php\n" : "";
    written.push(steps.length === 1 ? code : `${open}${line}${code.slice(open.length)}`);
  }
  return `${written.join("\n\n")}\n`;
}

/** What a comment cannot be ended by: a line end, PHP's `?>`, or a line end as Java lets a comment spell it. */
function inComment(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ")
    .replaceAll("\\", "/")
    .replaceAll("?>", "? >");
}
