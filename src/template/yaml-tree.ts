import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from "yaml";
import {
  duplicateKey,
  MAX_DOCUMENT_DEPTH,
  type PositionTree,
  type SourcePath,
  setOwn,
  type TreeProblem,
  type TreeVerdict,
  tooDeep,
} from "./position-tree.ts";

/** Values that aliases may add to a document when they are written out; a "billion laughs" file needs far more. */
export const MAX_ALIASED_VALUES = 500_000;
/** More problems than this are not listed: they are mostly consequences. */
const MAX_VALUE_PROBLEMS = 10;

export interface YamlOptions {
  /** CloudFormation's short forms are read as their long forms: `!Sub x` as `{"Fn::Sub": "x"}`. */
  readonly shortForms?: boolean;
}

/**
 * Reads one YAML 1.2 document. Aliases and merge keys (`<<`) are followed, custom tags are refused unless they are short
 * forms that are asked for, keys are text as they are written (`200:` is "200").
 */
export function parseYamlTree(text: string, { shortForms = false }: YamlOptions = {}): TreeVerdict {
  const composed = compose(text);
  if ("problem" in composed) return { ok: false, isSyntax: false, problems: [composed.problem] };
  const [first, second] = composed.documents;
  if (second) {
    const offset = second.range[0];
    const message = "The file holds more than one YAML document.";
    const fix = "Keep one document per file.";
    return { ok: false, isSyntax: true, problems: [{ rule: "yaml-syntax", message, fix, offset }] };
  }
  // Errors after the first one are mostly consequences of it.
  const warnings = first?.warnings.filter(({ message }) => !(shortForms && isShortFormWarning(message)));
  const syntax = first?.errors[0] ?? warnings?.[0];
  if (syntax) return { ok: false, isSyntax: true, problems: [syntaxProblem(syntax.message, syntax.pos[0])] };
  const reader = new ValueReader(shortForms);
  const root = first?.contents ?? null;
  const value = reader.read(root, 0);
  if (reader.problems.length > 0) return { ok: false, isSyntax: false, problems: reader.problems };
  return { ok: true, value, tree: new YamlPositions(root, reader.targets) };
}

type Composed = { readonly documents: readonly Document.Parsed[] } | { readonly problem: TreeProblem };

/** The parser's own stages, joined here so that depth is known before the recursive stage sees it. */
function compose(text: string): Composed {
  const lexer = new Lexer();
  const parser = new Parser();
  // uniqueKeys compares every key with every other; ValueReader looks them up instead.
  const composer = new Composer({ uniqueKeys: false, logLevel: "silent" });
  const documents: Document.Parsed[] = [];
  try {
    for (const lexeme of lexer.lex(text)) {
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
      // The stack also holds the document and the scalar in the making.
      if (parser.stack.length > MAX_DOCUMENT_DEPTH + 2) return { problem: tooDeep(parser.offset) };
    }
    for (const token of parser.end()) documents.push(...composer.next(token));
    documents.push(...composer.end(true, text.length));
  } catch (error) {
    // The parser reports its findings; what it throws (a range error on absurd input) has no place.
    const message = error instanceof Error ? error.message : String(error);
    return { problem: syntaxProblem(`The YAML parser gave up: ${message}`, parser.offset) };
  }
  return { documents };
}

function syntaxProblem(message: string, offset: number): TreeProblem {
  const tag = /^Unresolved tag: (\S+)/.exec(message)?.[1];
  if (tag) {
    return {
      rule: "yaml-tag-unsupported",
      message: `The tag ${tag} has no meaning in this file.`,
      fix: "Write the value itself; CloudFormation's functions work only inside a CloudFormation template.",
      offset,
    };
  }
  return { rule: "yaml-syntax", message: `This is not YAML: ${message}.`, fix: "Correct the file.", offset };
}

type YamlNode = Node | null | undefined;

interface Anchored {
  readonly node: Node;
  readonly value: unknown;
  /** Values inside, aliases written out. */
  readonly size: number;
}

/** Makes plain values of nodes, in the order of the text, so that every alias finds the anchor before it. */
class ValueReader {
  readonly problems: TreeProblem[] = [];
  /** What each alias stands for, kept for positions. */
  readonly targets = new Map<Node, Node>();
  readonly #anchors = new Map<string, Anchored>();
  readonly #shortForms: boolean;
  #size = 0;
  #aliased = 0;

  constructor(shortForms: boolean) {
    this.#shortForms = shortForms;
  }

  read(node: YamlNode, depth: number): unknown {
    if (!node) return null;
    this.#size++;
    const longForm = this.#shortForms ? longFormOf(node) : undefined;
    if (isScalar(node)) {
      const value = longForm === undefined ? node.value : inLongForm(longForm, node.source ?? node.value);
      if (node.anchor) this.#anchors.set(node.anchor, { node, value, size: 1 });
      return value;
    }
    if (isAlias(node)) return this.#follow(node, node.source);
    if (depth >= MAX_DOCUMENT_DEPTH) {
      this.#report(tooDeep(node.range?.[0] ?? 0));
      return null;
    }
    const before = this.#size;
    let value: unknown = null;
    if (isMap(node)) value = this.#readMap(node, depth);
    else if (isSeq(node)) value = node.items.map((item) => this.read(item as YamlNode, depth + 1));
    if (longForm !== undefined) value = inLongForm(longForm, value);
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor) this.#anchors.set(anchor, { node, value, size: this.#size - before + 1 });
    return value;
  }

  #readMap(map: YAMLMap, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    let merges: { readonly source: unknown; readonly offset: number }[] | undefined;
    for (const pair of map.items) {
      const keyNode = pair.key as YamlNode;
      const offset = rangeStart(keyNode) ?? rangeStart(pair.value as YamlNode) ?? rangeStart(map) ?? 0;
      if (isAlias(keyNode)) this.#follow(keyNode, keyNode.source);
      else if (isScalar(keyNode) && keyNode.anchor) this.read(keyNode, depth);
      const text = keyText(keyNode, this.targets);
      const value = this.read(pair.value as YamlNode, depth + 1);
      if (text === undefined) {
        const message = "A key of this mapping is itself a mapping or a list, wanted text.";
        this.#report({ rule: "yaml-key-not-text", message, fix: "Write the key as text.", offset });
      } else if (isMergeKey(pair)) {
        merges ??= [];
        merges.push({ source: value, offset });
      } else if (Object.hasOwn(result, text)) this.#report(duplicateKey(text, offset));
      else setOwn(result, text, value);
    }
    for (const merge of merges ?? []) this.#merge(result, merge.source, merge.offset);
    return result;
  }

  /** A merge key adds what the mapping does not say itself; of several sources the earlier wins. */
  #merge(result: Record<string, unknown>, source: unknown, offset: number): void {
    for (const each of Array.isArray(source) ? source : [source]) {
      if (typeof each !== "object" || each === null || Array.isArray(each)) {
        const message = "The merge key << wants a mapping or a list of mappings.";
        this.#report({ rule: "yaml-merge-invalid", message, fix: "Point << at an anchored mapping.", offset });
        return;
      }
      for (const [key, value] of Object.entries(each)) {
        if (!Object.hasOwn(result, key)) setOwn(result, key, value);
      }
    }
  }

  #follow(alias: Node, name: string): unknown {
    const offset = rangeStart(alias) ?? 0;
    const anchored = this.#anchors.get(name);
    if (!anchored) {
      const message = `The alias *${name} has no complete anchor &${name} before it.`;
      this.#report({ rule: "yaml-alias-unknown", message, fix: `Define &${name} above this line.`, offset });
      return null;
    }
    this.targets.set(alias, anchored.node);
    this.#size += anchored.size;
    const before = this.#aliased;
    this.#aliased += anchored.size;
    if (this.#aliased > MAX_ALIASED_VALUES) {
      if (before > MAX_ALIASED_VALUES) return null;
      const message = `Aliases add more than ${MAX_ALIASED_VALUES} values to this document.`;
      this.#report({ rule: "yaml-alias-expansion", message, fix: "Use fewer aliases inside aliases.", offset });
      return null;
    }
    return anchored.value;
  }

  #report(problem: TreeProblem): void {
    if (this.problems.length < MAX_VALUE_PROBLEMS) this.problems.push(problem);
  }
}

const SHORT_FORMS: ReadonlySet<string> = new Set(
  "And Base64 Cidr Condition Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Ref Select Split Sub ToJsonString Transform".split(
    " ",
  ),
);

function isShortFormWarning(message: string): boolean {
  const tag = /^Unresolved tag: !(\w+)/.exec(message)?.[1];
  return tag !== undefined && SHORT_FORMS.has(tag);
}

/** `Fn::Sub` for a node tagged `!Sub`; `Ref` and `Condition` have no prefix. */
function longFormOf(node: YamlNode): string | undefined {
  const tag = (node as { readonly tag?: string } | null | undefined)?.tag;
  const name = tag?.startsWith("!") ? tag.slice(1) : undefined;
  if (name === undefined || !SHORT_FORMS.has(name)) return undefined;
  return name === "Ref" || name === "Condition" ? name : `Fn::${name}`;
}

/** `!GetAtt A.B` is the list of both. */
function inLongForm(longForm: string, value: unknown): Record<string, unknown> {
  if (longForm !== "Fn::GetAtt" || typeof value !== "string" || !value.includes(".")) return { [longForm]: value };
  const dot = value.indexOf(".");
  return { [longForm]: [value.slice(0, dot), value.slice(dot + 1)] };
}

function rangeStart(node: YamlNode): number | undefined {
  return node?.range?.[0];
}

function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.value === "<<" && pair.key.type === "PLAIN";
}

function keyText(key: YamlNode, targets: ReadonlyMap<Node, Node>): string | undefined {
  if (!key) return "";
  if (isAlias(key)) return keyText(targets.get(key), targets);
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

class YamlPositions implements PositionTree {
  readonly #root: YamlNode;
  readonly #targets: ReadonlyMap<Node, Node>;
  readonly #pairs = new Map<YAMLMap, Map<string, Pair>>();

  constructor(root: YamlNode, targets: ReadonlyMap<Node, Node>) {
    this.#root = root;
    this.#targets = targets;
  }

  offsetOf(path: SourcePath, part: "key" | "value"): number {
    let node = this.#root;
    let key = rangeStart(node) ?? 0;
    let isOpened = false;
    for (const step of path) {
      const target = this.#resolve(node);
      // A short form is one node, and in the value a mapping with its long form's name around what it holds.
      if (!isOpened && step === longFormOf(target)) {
        isOpened = true;
        continue;
      }
      isOpened = false;
      if (isMap(target)) {
        const pair = this.#pairOf(target, String(step), 0);
        if (!pair) return key;
        node = pair.value as YamlNode;
        key = rangeStart(pair.key as YamlNode) ?? rangeStart(node) ?? key;
      } else if (isSeq(target) && typeof step === "number" && step < target.items.length) {
        node = target.items[step] as YamlNode;
        key = rangeStart(node) ?? key;
      } else return key;
    }
    return part === "value" && (isScalar(node) || isAlias(node)) ? (rangeStart(node) ?? key) : key;
  }

  #resolve(node: YamlNode): YamlNode {
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  #pairOf(map: YAMLMap, key: string, merges: number): Pair | undefined {
    let pairs = this.#pairs.get(map);
    if (!pairs) {
      pairs = new Map();
      for (const pair of map.items) {
        const text = keyText(pair.key as YamlNode, this.#targets);
        if (text !== undefined) pairs.set(text, pair);
      }
      this.#pairs.set(map, pairs);
    }
    const own = pairs.get(key);
    if (own || merges > MAX_DOCUMENT_DEPTH) return own;
    const merge = pairs.get("<<");
    if (!merge || !isMergeKey(merge)) return undefined;
    const source = this.#resolve(merge.value as YamlNode);
    for (const each of isSeq(source) ? source.items : [source]) {
      const target = this.#resolve(each as YamlNode);
      const found = isMap(target) ? this.#pairOf(target, key, merges + 1) : undefined;
      if (found) return found;
    }
    return undefined;
  }
}
