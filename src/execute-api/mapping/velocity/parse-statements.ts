import { ExpressionParser } from "./parse-expression.ts";
import type { CallStatement, Expression, IfStatement, Macro, Statement } from "./syntax-tree.ts";
import { TemplateSource } from "./template-source.ts";

/** What ends a block. */
type Terminator = "end" | "else" | "elseif";

const TEXT = /[^$#\\]+/y;
const BACKSLASHES = /\\+/y;
/** `#set` swallows blanks before it, when they begin a stretch of text. */
const BLANKS_BEFORE_SET = /[ \t]*(?=(?:#set|#\{set\}) *\()/y;
const SET = /(?:#set|#\{set\}) *\(/y;
const DIRECTIVE = /#(?:([a-zA-Z_@][a-zA-Z0-9_@]*)|\{([a-zA-Z_][a-zA-Z0-9_]*)\})/y;
const OPEN_PARENTHESIS = /[ \t\r\n]*\(/y;
const REST_OF_LINE = /[ \t]*(?:\r\n|\n|\r)/y;
const LINE_COMMENT = /##[^\r\n]*(?:\r\n|\n|\r)?/y;
const FOREACH_IN = /\s*in(?![a-zA-Z0-9_@])\s*/y;

/** They would read files or run text as a template; nothing shows that API Gateway has them. */
const REFUSED = ["parse", "include", "evaluate", "literal"];
const KNOWN_DIRECTIVES: ReadonlySet<string> = new Set([
  ...["if", "elseif", "else", "end", "set", "foreach", "macro", "define", "break", "stop"],
  ...REFUSED,
]);

/** Parses the statements of a template. Where text ends and Velocity begins follows Velocity 1.7's own tokens. */
export class StatementParser {
  readonly #source: TemplateSource;
  readonly #expressions: ExpressionParser;
  readonly macros: Map<string, Macro>;

  constructor(source: TemplateSource, macros: Map<string, Macro>) {
    this.#source = source;
    this.macros = macros;
    this.#expressions = new ExpressionParser(source, (text, outer, offset) => {
      // Velocity parses the text with a blank behind it and drops the blank again: "$" and "#" may then end it.
      const base = outer.position(offset);
      const inner = new StatementParser(new TemplateSource(`${text} `, base, outer.depth + 1), macros).parseAll();
      return text.includes("##") ? inner : withoutLastBlank(inner);
    });
  }

  parseAll(): Statement[] {
    const { statements } = this.#parseBlock([]);
    return statements;
  }

  /** Statements up to one of the terminators, which is consumed; or up to the end of the template, for none. */
  #parseBlock(until: readonly Terminator[]): { statements: Statement[]; terminator: Terminator | undefined } {
    const source: TemplateSource = this.#source;
    const statements: Statement[] = [];
    for (;;) {
      source.takeMatch(BLANKS_BEFORE_SET);
      if (source.atEnd) {
        if (until.length > 0) source.fail("the template ends inside a block: an #end is missing");
        return { statements, terminator: undefined };
      }
      const text = source.takeMatch(TEXT)?.[0];
      if (text !== undefined) addText(statements, text);
      else if (source.char === "\\") this.#parseBackslashes(statements);
      else if (this.#expressions.atReference()) this.#parsePrint(statements, "", false);
      else if (source.char === "$") this.#parseLoneDollar(statements, "");
      else {
        const terminator = this.#parseHash(statements, until);
        if (terminator !== undefined) return { statements, terminator };
      }
    }
  }

  /** Backslashes escape only what Velocity would otherwise read: a reference or a directive it knows. */
  #parseBackslashes(statements: Statement[]): void {
    const source: TemplateSource = this.#source;
    const backslashes = source.takeMatch(BACKSLASHES)?.[0] ?? "";
    const count = backslashes.length;
    if (source.char === "$" && this.#expressions.atReference()) {
      this.#parsePrint(statements, backslashes.slice(0, count >> 1), count % 2 === 1);
      return;
    }
    if (source.char === "$") {
      this.#parseLoneDollar(statements, backslashes);
      return;
    }
    const directive = source.peek(DIRECTIVE);
    const name = directive?.[1] ?? directive?.[2];
    const escapable = name !== undefined && (KNOWN_DIRECTIVES.has(name) || this.macros.has(name));
    const known = escapable && !(name === "set" && count % 2 === 0); // Velocity 1.7 halves no backslashes before #set
    if (directive === null || !known) {
      addText(statements, backslashes);
      if (directive !== null && count % 2 === 1) {
        source.offset += directive[0].length; // an escaped word is text, even one that a later macro defines
        addText(statements, directive[0]);
      }
      return;
    }
    addText(statements, backslashes.slice(0, count >> 1));
    if (count % 2 === 1) {
      source.offset += directive[0].length;
      addText(statements, directive[0]);
    }
  }

  #parsePrint(statements: Statement[], prefix: string, escaped: boolean): void {
    const reference = this.#expressions.parseReference();
    statements.push({ kind: "print", reference, prefix, escaped });
    // Behind a property Velocity 1.7 is still looking for the next one, and sees no comment.
    const step = reference.steps.findLast((each) => each.kind !== "index");
    if (step?.kind === "property" && !reference.source.endsWith("}") && this.#source.take("##"))
      addText(statements, "##");
  }

  /** A `$` that begins no reference. */
  #parseLoneDollar(statements: Statement[], backslashes: string): void {
    const source: TemplateSource = this.#source;
    const slashBang = source.takeMatch(/\$(\\*)\\!/y);
    if (slashBang !== null) {
      addText(statements, `${backslashes}$${slashBang[1] ?? ""}!`); // one backslash is the escape
      return;
    }
    const start = source.offset;
    source.takeMatch(/\$+(?!!?\{?[a-zA-Z_])|\$+(?=\$)/y); // of several, the last may begin a reference
    source.take("!");
    if (source.atEnd) source.fail("a template cannot end with a lone $", start);
    // It is text, but "$!" loses its mark, and all of it goes if a directive follows (Velocity 1.7).
    const text = backslashes + source.text.slice(start, source.offset);
    if (source.char === "{" || source.char === "$") addText(statements, text);
    else if (!this.#atDirective()) addText(statements, text.replace("!", ""));
  }

  /** Whether a directive begins here, with the blanks that `#set` swallows. */
  #atDirective(): boolean {
    const source: TemplateSource = this.#source;
    if (source.peek(BLANKS_BEFORE_SET) !== null) return true;
    const match = source.peek(DIRECTIVE);
    const name = match?.[1] ?? match?.[2];
    return name !== undefined && name !== "set" && KNOWN_DIRECTIVES.has(name);
  }

  #parseHash(statements: Statement[], until: readonly Terminator[]): Terminator | undefined {
    const source: TemplateSource = this.#source;
    const start = source.offset;
    if (source.takeMatch(LINE_COMMENT) !== null) return undefined;
    if (source.startsWith("#*")) {
      const end = source.text.indexOf("*#", start + 2);
      source.offset = end === -1 ? source.text.length : end + 2;
      return undefined;
    }
    if (source.take("#[[")) {
      const end = source.text.indexOf("]]#", source.offset);
      if (end === -1) source.fail("a #[[ without its ]]#", start);
      addText(statements, source.text.slice(source.offset, end));
      source.offset = end + 3;
      return undefined;
    }
    if (source.peek(SET) !== null) {
      statements.push(this.#parseSet());
      return undefined;
    }
    const match = source.takeMatch(DIRECTIVE);
    if (match === null) {
      source.offset += 1;
      if (source.atEnd) source.fail("a template cannot end with a lone #", start);
      if (!this.#atDirective()) addText(statements, "#");
      return undefined;
    }
    return this.#parseDirective(match[1] ?? match[2] ?? "", start, statements, until);
  }

  #parseDirective(
    name: string,
    start: number,
    statements: Statement[],
    until: readonly Terminator[],
  ): Terminator | undefined {
    const source: TemplateSource = this.#source;
    switch (name) {
      case "end":
      case "else":
      case "elseif":
        if (!until.includes(name)) source.fail(`a #${name} that nothing before it opens`, start);
        if (name !== "elseif") source.takeMatch(REST_OF_LINE);
        return name;
      case "if":
        statements.push(this.#parseIf(start));
        return undefined;
      case "set": // without its parenthesis it is text
        addText(statements, source.text.slice(start, source.offset));
        return undefined;
      case "foreach":
        statements.push(this.#parseForeach(start));
        return undefined;
      case "macro":
        this.#parseMacro();
        return undefined;
      case "define":
        statements.push(this.#parseDefine());
        return undefined;
      case "break":
      case "stop":
        if (source.peek(OPEN_PARENTHESIS) !== null) this.#parseCallArguments();
        statements.push({ kind: name });
        return undefined;
      default:
        if (REFUSED.includes(name)) source.fail(`#${name} is not supported in mapping templates`, start);
        statements.push(this.#parseCall(name, start));
        return undefined;
    }
  }

  #parseSet(): Statement {
    const source: TemplateSource = this.#source;
    const at = source.position();
    source.takeMatch(SET);
    source.skipSpace();
    if (!this.#expressions.atReference()) source.fail(`${source.found()} where #set wants a reference`);
    const target = this.#expressions.parseReference();
    source.skipSpace();
    if (source.startsWith("==")) source.fail("#set assigns with one =");
    source.expect("=", "#set");
    const value = this.#expressions.parseExpression();
    this.#closeDirective("#set");
    return { kind: "set", target, value, at };
  }

  #parseIf(start: number): IfStatement {
    const source: TemplateSource = this.#source;
    const branches: { condition: Expression; body: readonly Statement[] }[] = [];
    let otherwise: readonly Statement[] = [];
    for (let open = true; open; ) {
      if (source.takeMatch(OPEN_PARENTHESIS) === null) source.fail(`${source.found()} where #if wants "("`);
      const condition = this.#expressions.parseExpression();
      this.#closeDirective("#if");
      const block = this.#nestedBlock(["elseif", "else", "end"]);
      branches.push({ condition, body: block.statements });
      if (block.terminator === "else") otherwise = this.#nestedBlock(["end"]).statements;
      open = block.terminator === "elseif";
    }
    return { kind: "if", branches, otherwise, at: source.position(start) };
  }

  #parseForeach(start: number): Statement {
    const source: TemplateSource = this.#source;
    if (source.takeMatch(OPEN_PARENTHESIS) === null) source.fail(`${source.found()} where #foreach wants "("`);
    source.skipSpace();
    if (!this.#expressions.atReference()) source.fail(`${source.found()} where #foreach wants a reference`);
    const variable = this.#expressions.parseReference().name;
    if (source.takeMatch(FOREACH_IN) === null) source.fail(`${source.found()} where #foreach wants "in"`);
    const list = this.#expressions.parseParameter();
    this.#closeDirective("#foreach");
    const { statements: body } = this.#nestedBlock(["end"]);
    return { kind: "foreach", variable, list, body, at: source.position(start) };
  }

  #parseDefine(): Statement {
    const source: TemplateSource = this.#source;
    if (source.takeMatch(OPEN_PARENTHESIS) === null) source.fail(`${source.found()} where #define wants "("`);
    source.skipSpace();
    if (!this.#expressions.atReference()) source.fail(`${source.found()} where #define wants a reference`);
    const { name } = this.#expressions.parseReference();
    this.#closeDirective("#define");
    const { statements: body } = this.#nestedBlock(["end"]);
    return { kind: "define", name, body };
  }

  #parseMacro(): void {
    const source: TemplateSource = this.#source;
    if (source.takeMatch(OPEN_PARENTHESIS) === null) source.fail(`${source.found()} where #macro wants "("`);
    source.skipSpace();
    const name = source.takeMatch(/[a-zA-Z_][a-zA-Z0-9_@]*/y)?.[0];
    if (name === undefined) source.fail(`${source.found()} where #macro wants a name`);
    const parameters: string[] = [];
    for (;;) {
      source.takeMatch(/\s*,?\s*/y);
      if (!this.#expressions.atReference()) break;
      parameters.push(this.#expressions.parseReference().name);
    }
    this.#closeDirective("#macro");
    // Known while its own body is parsed: it may call itself, and \#name in it is an escape.
    const macro: { name: string; parameters: readonly string[]; body: readonly Statement[] } = {
      name,
      parameters,
      body: [],
    };
    if (!this.macros.has(name)) this.macros.set(name, macro); // the first definition stays, as with velocimacro defaults
    macro.body = this.#nestedBlock(["end"]).statements;
  }

  #parseCall(name: string, start: number): CallStatement {
    const source: TemplateSource = this.#source;
    const at = source.position(start);
    let args: readonly Expression[] = [];
    let body: readonly Statement[] | undefined;
    const hasArguments = source.peek(OPEN_PARENTHESIS) !== null;
    if (hasArguments) args = this.#parseCallArguments();
    if (name.startsWith("@") && hasArguments) body = this.#nestedBlock(["end"]).statements;
    const text = source.text.slice(start, source.offset);
    return { kind: "call", name: name.replace(/^@/, ""), args, body, source: text, at };
  }

  #parseCallArguments(): Expression[] {
    const source: TemplateSource = this.#source;
    const args: Expression[] = [];
    source.takeMatch(OPEN_PARENTHESIS);
    for (;;) {
      source.takeMatch(/\s*(?:,\s*)?/y);
      if (source.char === ")" || source.atEnd) break;
      const word = source.peek(/[a-zA-Z_@][a-zA-Z0-9_@]*/y)?.[0];
      if (word !== undefined && word !== "true" && word !== "false") {
        source.offset += word.length; // a bare word is an argument of something that is no macro: text
        args.push({ kind: "literal", value: word });
      } else args.push(this.#expressions.parseParameter());
    }
    this.#closeDirective("a directive");
    return args;
  }

  /** `)` of a directive, with the blanks and the line end behind it. */
  #closeDirective(what: string): void {
    const source: TemplateSource = this.#source;
    source.skipSpace();
    source.expect(")", what);
    source.takeMatch(REST_OF_LINE);
  }

  #nestedBlock(until: readonly Terminator[]): { statements: Statement[]; terminator: Terminator | undefined } {
    return this.#source.nested(() => this.#parseBlock(until));
  }
}

function addText(statements: Statement[], text: string): void {
  const last = statements[statements.length - 1];
  if (last?.kind === "text") statements[statements.length - 1] = { kind: "text", text: last.text + text };
  else if (text !== "") statements.push({ kind: "text", text });
}

function withoutLastBlank(statements: readonly Statement[]): readonly Statement[] {
  const last = statements[statements.length - 1];
  if (last?.kind !== "text" || !last.text.endsWith(" ")) return statements;
  const text = last.text.slice(0, -1);
  return text === "" ? statements.slice(0, -1) : [...statements.slice(0, -1), { kind: "text", text }];
}
