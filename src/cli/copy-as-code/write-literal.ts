import type { CodeText } from "./code-request.ts";

/** Writes a text as an expression of one language. Whatever is in it, it stays text: nothing of it is ever executed. */
export type WriteLiteral = (text: CodeText) => string;

/** Invisible or changing direction or ending a line in some language: a reader must see them. Beyond the BMP there are none such. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** POSIX quotes without variables, double quotes with them. Control characters need `$'…'`, which bash, zsh and POSIX 2024 have. */
export const shellLiteral: WriteLiteral = (text) => {
  const hasVariables = text.some((piece) => typeof piece !== "string");
  const all = text.join("");
  if (!hasVariables && /^[\w@%+=:,./-]+$/.test(all)) return all;
  if (!hasVariables && isControlled(all)) return `$'${escape(all, ansiC)}'`;
  if (!hasVariables) return `'${all.replaceAll("'", `'\\''`)}'`;
  const pieces = text.map((piece, index) => {
    if (typeof piece === "string") return escape(piece, inDoubleQuotes);
    const next = text[index + 1];
    return typeof next === "string" && /^\w/.test(next) ? `\${${piece.variable}}` : `$${piece.variable}`;
  });
  return `"${pieces.join("")}"`;
};

const isControlled = (text: string): boolean => /[^\P{Cc}\n\t]/u.test(text);

function ansiC(char: string): string | undefined {
  if (char === "'" || char === "\\") return `\\${char}`;
  if (char === "\n") return "\\n";
  if (/\p{Cc}/u.test(char)) return [...Buffer.from(char)].map((byte) => `\\x${hex(byte, 2)}`).join("");
  return undefined;
}

function inDoubleQuotes(char: string): string | undefined {
  if (/["$\\`]/.test(char)) return `\\${char}`;
  // History expansion happens inside double quotes too, and a backslash before it would stay.
  if (char === "!") return `"'!'"`;
  return isControlled(char) ? `"$'${ansiC(char)}'"` : undefined;
}

/** A template literal with variables. Its line ends are escaped: a literal carriage return would become a line feed. */
export const javascriptLiteral: WriteLiteral = (text) => {
  if (text.every((piece) => typeof piece === "string")) return eitherQuoted(text.join(""), "'");
  const pieces = text.map((piece) =>
    typeof piece === "string"
      ? escape(piece, (char) => (/[\\`$]/.test(char) ? `\\${char}` : char === '"' ? char : jsonEscape(char)))
      : `\${process.env.${piece.variable}}`,
  );
  return `\`${pieces.join("")}\``;
};

export const pythonLiteral = concatenation(
  (text) => eitherQuoted(text, '"'),
  (name) => `os.environ["${name}"]`,
  " + ",
);

export const goLiteral = concatenation(
  (text) => jsonQuoted(text),
  (name) => `os.Getenv("${name}")`,
  " + ",
);

/** All ASCII: until version 18 javac read a file in the platform's encoding. */
export const javaLiteral = concatenation(
  (text) => `"${escape(text, (char) => jsonEscape(char) ?? (char > "~" ? utf16(char) : undefined))}"`,
  (name) => `System.getenv("${name}")`,
  " + ",
);

export const csharpLiteral = concatenation(
  (text) => jsonQuoted(text),
  (name) => `Environment.GetEnvironmentVariable("${name}")`,
  " + ",
);

export const phpLiteral = concatenation(
  (text) => `"${escape(text, (char) => (/["$\\]/.test(char) ? `\\${char}` : bracedEscape(char)))}"`,
  (name) => `getenv("${name}")`,
  " . ",
);

export const swiftLiteral: WriteLiteral = (text) => {
  const written = concatenation(
    (piece) => `"${escape(piece, (char) => (/["\\]/.test(char) ? `\\${char}` : bracedEscape(char)))}"`,
    (name) => `(ProcessInfo.processInfo.environment["${name}"] ?? "")`,
    " + ",
  )(text);
  // A member may follow: "…".data(using:).
  return text.length > 1 ? `(${written})` : written;
};

/** Joined by messages; a variable that is not set is an empty text, since nil would end the program. */
export const objcLiteral: WriteLiteral = (text) => {
  const [first = '@""', ...others] = text.map((piece) =>
    typeof piece === "string"
      ? `@"${escape(piece, objcEscape)}"`
      : `(NSProcessInfo.processInfo.environment[@"${piece.variable}"] ?: @"")`,
  );
  return others.reduce((joined, piece) => `[${joined} stringByAppendingString:${piece}]`, first);
};

/** C has no \\u for control characters: they are written as the bytes of their UTF-8, which always have three octal digits. */
function objcEscape(char: string): string | undefined {
  if (/["\\]/.test(char)) return `\\${char}`;
  if (char === "\n") return "\\n";
  if (char === "\t") return "\\t";
  if (/\p{Cc}/u.test(char)) {
    return [...Buffer.from(char)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  }
  return UNSEEN.test(char) ? utf16(char) : undefined;
}

/** `#` begins an interpolation when a brace, `$` or `@` follows. */
export const rubyLiteral: WriteLiteral = (text) => {
  const pieces = text.map((piece) =>
    typeof piece === "string"
      ? escape(piece, (char) => (char === "#" ? "\\#" : jsonEscape(char)))
      : `#{ENV["${piece.variable}"]}`,
  );
  return `"${pieces.join("")}"`;
};

/** PowerShell takes typographic quotes for plain ones. */
export const powershellLiteral: WriteLiteral = (text) => {
  const names: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v" };
  const pieces = text.map((piece) =>
    typeof piece === "string"
      ? escape(piece, (char) => {
          if (/["$`\u201c\u201d\u201e]/.test(char)) return `\`${char}`;
          if (Object.hasOwn(names, char)) return `\`${names[char]}`;
          return UNSEEN.test(char) ? `$([char]0x${hex(char.charCodeAt(0), 4)})` : undefined;
        })
      : `\${env:${piece.variable}}`,
  );
  return `"${pieces.join("")}"`;
};

function concatenation(
  quote: (text: string) => string,
  variable: (name: string) => string,
  operator: string,
): WriteLiteral {
  return (text) =>
    text.map((piece) => (typeof piece === "string" ? quote(piece) : variable(piece.variable))).join(operator);
}

/** JSON's escapes are those of Python, Go, C# and JavaScript too. */
function jsonQuoted(text: string): string {
  return `"${escape(text, jsonEscape)}"`;
}

/** For languages with two kinds of quotes: JSON stays readable in single ones. */
function eitherQuoted(text: string, preferred: '"' | "'"): string {
  const quote = text.includes('"') && !text.includes("'") ? "'" : preferred;
  const written = escape(text, (char) => {
    if (char === quote) return `\\${char}`;
    return char === '"' ? char : jsonEscape(char);
  });
  return `${quote}${written}${quote}`;
}

function jsonEscape(char: string): string | undefined {
  const escaped = JSON.stringify(char).slice(1, -1);
  if (escaped !== char) return escaped;
  return UNSEEN.test(char) && char.length === 1 ? utf16(char) : undefined;
}

/** PHP and Swift: `\u{…}`. */
function bracedEscape(char: string): string | undefined {
  const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return names[char] ?? (UNSEEN.test(char) ? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}` : undefined);
}

function utf16(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${hex(char.charCodeAt(at), 4)}`).join("");
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

function escape(text: string, change: (char: string) => string | undefined): string {
  return Array.from(text, (char) => change(char) ?? char).join("");
}
