/*
 * Wildcard matching as IAM does it: `*` is any run of characters, `/` and `:` included, `?` exactly one, everything else
 * is itself (D). The pattern is cut at its `*`s; first and last piece are anchored, those between are looked for from the
 * left, and a piece once found is never looked for again. So no pattern or path can make the cost explode as with a regular
 * expression. Text is found by String.indexOf, a long piece with `?` by bit-parallel search (Baeza-Yates and Gonnet, 1992):
 * text length × pattern length / 32 at most, and both are bounded.
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
  let position = from + first.text.length;
  const end = text.length - last.text.length;
  // The ends first: what is not there need not be looked for in between.
  if (position > end || !matchesAt(last, text, end) || !matchesAt(first, text, from)) return false;
  for (const piece of middle) {
    const found = findPiece(piece, text, position);
    if (found < 0) return false;
    position = found + piece.text.length;
  }
  return position <= end;
}

/**
 * Backwards, since texts that differ, differ late: the patterns of a policy begin alike. Plain comparisons of characters are
 * several times faster here than String.startsWith (bench/policies.ts).
 */
function matchesAt(piece: Piece, text: string, at: number): boolean {
  const { text: wanted, holes } = piece;
  if (at + wanted.length > text.length) return false;
  for (let index = wanted.length - 1; index >= 0; index--) {
    if (text.charCodeAt(at + index) !== wanted.charCodeAt(index) && holes?.[index] !== true) return false;
  }
  return true;
}

/** Up to here trying each place is faster; 32 characters are a machine word of the other search. */
const SHORT_PIECE_CHARACTERS = 32;

function findPiece(piece: Piece, text: string, from: number): number {
  if (piece.holes === undefined) return text.indexOf(piece.text, from);
  if (piece.text.length > SHORT_PIECE_CHARACTERS) return findLongPiece(piece, text, from);
  for (let at = from; at + piece.text.length <= text.length; at++) {
    if (matchesAt(piece, text, at)) return at;
  }
  return -1;
}

/** For each character the places of the piece where it may stand, as bits. */
interface PieceMasks {
  readonly of: ReadonlyMap<number, Uint32Array>;
  /** For a character that the piece does not name: the holes only. */
  readonly others: Uint32Array;
}

/** Made when a piece is first looked for: most never are. */
const MASKS = new WeakMap<Piece, PieceMasks>();

/** A bit of `state` stands when the piece up to that place matches the text up to the present one. */
function findLongPiece(piece: Piece, text: string, from: number): number {
  const { of, others } = masksOf(piece);
  const last = piece.text.length - 1;
  const state = new Uint32Array(others.length);
  for (let at = from; at < text.length; at++) {
    const mask = of.get(text.charCodeAt(at)) ?? others;
    let carry = 1;
    for (let word = 0; word < state.length; word++) {
      const before = state[word]!;
      state[word] = ((before << 1) | carry) & mask[word]!;
      carry = before >>> 31;
    }
    if (((state[last >> 5]! >>> (last & 31)) & 1) === 1) return at - last;
  }
  return -1;
}

function masksOf(piece: Piece): PieceMasks {
  const known = MASKS.get(piece);
  if (known !== undefined) return known;
  const { text, holes = [] } = piece;
  const others = new Uint32Array(Math.ceil(text.length / 32));
  const set = (mask: Uint32Array, place: number): void => {
    mask[place >> 5]! |= 1 << (place & 31);
  };
  for (const [place, isHole] of holes.entries()) if (isHole) set(others, place);
  const of = new Map<number, Uint32Array>();
  for (const [place, isHole] of holes.entries()) {
    if (isHole) continue;
    const code = text.charCodeAt(place);
    const mask = of.get(code) ?? others.slice();
    set(mask, place);
    of.set(code, mask);
  }
  const masks = { of, others };
  MASKS.set(piece, masks);
  return masks;
}
