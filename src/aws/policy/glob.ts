/*
 * Wildcard matching as IAM does it: `*` is any run of characters, `/` and `:` included, `?` exactly one, everything else
 * is itself (D). The pattern is cut at its `*`s; first and last piece are anchored, those between are looked for from the
 * left, and a piece once found is never looked for again. So the cost is bounded by text length × pattern length, which
 * are both bounded, and no pattern or path can make it explode as a regular expression could.
 */

/** A wildcard inside a token list; a plain string there is literal text. */
export const ANY_RUN = Symbol("*");
export const ANY_ONE = Symbol("?");
export type GlobToken = string | typeof ANY_RUN | typeof ANY_ONE;

interface Piece {
  /** Literal text; a character that stands for `?` is marked in `holes`. */
  readonly text: string;
  /** Which characters of `text` stand for any one character; undefined when none do. */
  readonly holes: readonly boolean[] | undefined;
}

/** A compiled wildcard pattern. */
export interface Glob {
  readonly first: Piece;
  /** What stands between the first and the last `*`. */
  readonly middle: readonly Piece[];
  /** Undefined when the pattern has no `*`: then `first` is all of it. */
  readonly last: Piece | undefined;
}

/** Compiles a pattern in which every `*` and `?` is a wildcard. */
export function compileGlob(pattern: string): Glob {
  return compileGlobTokens(globTokensOf(pattern));
}

/** Cuts a pattern into literal text and wildcards. */
export function globTokensOf(pattern: string): readonly GlobToken[] {
  return pattern
    .split(/([*?])/)
    .filter((each) => each !== "")
    .map((each) => (each === "*" ? ANY_RUN : each === "?" ? ANY_ONE : each));
}

/** Compiles tokens, in which a string is literal even where it holds `*` or `?`. */
export function compileGlobTokens(tokens: readonly GlobToken[]): Glob {
  const pieces: Piece[] = [];
  let text = "";
  let holes: boolean[] = [];
  const closePiece = (): void => {
    pieces.push({ text, holes: holes.includes(true) ? holes : undefined });
    text = "";
    holes = [];
  };
  for (const token of tokens) {
    if (token === ANY_RUN) closePiece();
    else if (token === ANY_ONE) {
      text += "?";
      holes.push(true);
    } else {
      text += token;
      for (let index = 0; index < token.length; index++) holes.push(false);
    }
  }
  closePiece();
  const first = pieces[0]!;
  if (pieces.length === 1) return { first, middle: [], last: undefined };
  const last = pieces.at(-1)!;
  return { first, middle: pieces.slice(1, -1).filter((piece) => piece.text !== ""), last };
}

/** Whether the whole of `text`, from index `from` to its end, matches. */
export function matchesGlob(glob: Glob, text: string, from = 0): boolean {
  const { first, middle, last } = glob;
  if (last === undefined) return text.length - from === first.text.length && matchesAt(first, text, from);
  if (!matchesAt(first, text, from)) return false;
  let position = from + first.text.length;
  const end = text.length - last.text.length;
  for (const piece of middle) {
    const found = findPiece(piece, text, position);
    if (found < 0) return false;
    position = found + piece.text.length;
  }
  return position <= end && matchesAt(last, text, end);
}

function matchesAt(piece: Piece, text: string, at: number): boolean {
  const { text: wanted, holes } = piece;
  if (holes === undefined) return wanted === "" || text.startsWith(wanted, at);
  if (at + wanted.length > text.length) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (!holes[index] && text.charCodeAt(at + index) !== wanted.charCodeAt(index)) return false;
  }
  return true;
}

function findPiece(piece: Piece, text: string, from: number): number {
  if (piece.holes === undefined) return text.indexOf(piece.text, from);
  for (let at = from; at + piece.text.length <= text.length; at++) {
    if (matchesAt(piece, text, at)) return at;
  }
  return -1;
}
