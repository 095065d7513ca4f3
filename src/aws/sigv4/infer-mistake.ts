import {
  type CanonicalParts,
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  EMPTY_BODY_HASH,
  encodePath,
  type HeaderValues,
  joinPieces,
  normalizePath,
  type QueryPiece,
} from "./canonical-request.ts";

/** A signature that is not right, and all that may have gone wrong with it. */
export interface WrongSignature {
  /** What it should have been made of. */
  readonly parts: CanonicalParts;
  /** As sent. */
  readonly path: string;
  readonly query: readonly QueryPiece[];
  readonly headers: HeaderValues;
  /** SignedHeaders as sent. */
  readonly listed: readonly string[];
  /** The same, made canonical. */
  readonly names: readonly string[];
  /** Of these names, without a header in the request. */
  readonly absent: readonly string[];
  readonly declaredHash: string | undefined;
  /** Whether the signature would be right for these parts. */
  readonly isSignedBy: (parts: CanonicalParts) => boolean;
}

export interface InferredMistake {
  readonly isPayloadUnsigned: boolean;
  /** What a signer did or what happened on the way, each without a full stop. */
  readonly inferred: readonly string[];
}

/** A stage, or the prefix of the path form: `/_aws/execute-api/{apiId}/{stage}`. */
const MAX_PREFIX_SEGMENTS = 4;
/** Each costs a SHA-256 and an HMAC, and any caller who knows a key id can make them be tried. */
export const MAX_TRIALS = 40;
/** Of the canonical request: with longer ones 40 trials would take milliseconds. */
export const MAX_TRIED_CHARACTERS = 8_192;

type Trial = readonly [says: string, change: Partial<CanonicalParts>];

/**
 * Tries the usual mistakes, one at a time, until the signature would be right. Only for those who run the gateway: a
 * client is told what AWS tells.
 */
export function inferMistake(wrong: WrongSignature): InferredMistake {
  const { parts, declaredHash, isSignedBy } = wrong;
  const inferred = visibleMistakes(wrong);
  let isPayloadUnsigned = declaredHash !== undefined && isUnsignedMark(declaredHash);
  // A declared hash is in a signed header, too: whatever else is wrong shows only beside it.
  const base: CanonicalParts = isPayloadUnsigned ? { ...parts, payloadHash: declaredHash as string } : parts;
  // Refused for what shows, right in all else.
  if (inferred.length > 0 && isSignedBy(base)) return { isPayloadUnsigned, inferred };
  if (parts.path.length + parts.query.length + parts.headers.length > MAX_TRIED_CHARACTERS) {
    return { isPayloadUnsigned, inferred };
  }
  let trials = 0;
  for (const [says, change] of usualMistakes(wrong)) {
    if (++trials > MAX_TRIALS) break;
    if (!isSignedBy({ ...base, ...change })) continue;
    inferred.push(says);
    if (change.payloadHash !== undefined && isUnsignedMark(change.payloadHash)) isPayloadUnsigned = true;
    break;
  }
  return { isPayloadUnsigned, inferred };
}

function isUnsignedMark(text: string): boolean {
  return text === "UNSIGNED-PAYLOAD" || text.startsWith("STREAMING-");
}

/** What shows without a trial. */
function visibleMistakes({ parts, listed, names, absent, declaredHash }: WrongSignature): string[] {
  const found: string[] = [];
  if (listed.join(";") !== names.join(";")) {
    found.push("SignedHeaders is not in lower case, in order and without repetition");
  }
  if (absent.length > 0) {
    const more = absent.length > 8 ? ` and ${absent.length - 8} more` : "";
    found.push(`${absent.slice(0, 8).join(", ")}${more} signed and not in the request: lost on the way, or never sent`);
  }
  if (declaredHash !== undefined && declaredHash !== parts.payloadHash) {
    found.push(
      isUnsignedMark(declaredHash)
        ? "x-amz-content-sha256 says that the body is not signed"
        : "x-amz-content-sha256 is not the hash of the body: the body was changed after signing, or hashed in another form",
    );
  }
  return found;
}

function* usualMistakes({ parts, path, query, headers, listed, names, absent }: WrongSignature): Generator<Trial> {
  const plain = normalizePath(path);
  yield ["the path was encoded once: encode each segment of the path that is sent once more", { path: plain }];
  yield ["the path was signed decoded and encoded once", { path: encodePath(decodePath(plain)) }];
  yield ["the path was not normalised before signing", { path: encodePath(path) }];
  yield ["the path was signed as sent", { path }];
  const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  yield [
    `the path was signed ${path.endsWith("/") ? "without its final slash" : "with a final slash"}`,
    { path: canonicalPath(other) },
  ];
  let rest = plain;
  for (let dropped = 1; dropped <= MAX_PREFIX_SEGMENTS && rest.length > 1; dropped++) {
    const next = rest.indexOf("/", 1);
    const prefix = plain.slice(0, plain.length - rest.length + (next < 0 ? rest.length : next));
    rest = next < 0 ? "/" : rest.slice(next);
    const says = `the path was signed without ${JSON.stringify(prefix.slice(0, 128))} at its beginning`;
    yield [says, { path: canonicalPath(rest) }];
    yield [`${says}, and encoded once`, { path: rest }];
  }

  yield ["the body was signed as UNSIGNED-PAYLOAD", { payloadHash: "UNSIGNED-PAYLOAD" }];
  yield ["the body was signed as empty", { payloadHash: EMPTY_BODY_HASH }];

  if (query.length > 0) {
    yield ["the query was signed in the order of the URL, not sorted", { query: joinPieces(query) }];
    yield ["the query was not signed", { query: "" }];
    yield ["the query was signed as sent, not encoded", { query: query.map(({ raw }) => raw).join("&") }];
    const sorted = query.map(({ raw }) => raw).sort();
    yield ["the query was signed sorted and not encoded", { query: sorted.join("&") }];
    if (query.some(({ raw }) => raw.includes("+"))) {
      const literal = query.map((piece) => ({
        name: piece.raw.includes("+") ? encodePlus(piece.raw, piece.name, 0) : piece.name,
        value: piece.raw.includes("+") ? encodePlus(piece.raw, piece.value, 1) : piece.value,
        raw: piece.raw,
      }));
      yield ["a + in the query was signed as %2B, it means a blank", { query: canonicalQuery(literal) }];
    }
  }

  const host = headers.get("host");
  if (host !== undefined) {
    const name = host.replace(/:\d*$/, "");
    const port = host.slice(name.length);
    const forwarded = headers.get("x-forwarded-host");
    const hosts = port === "" ? [`${name}:443`, `${name}:80`] : [name];
    for (const each of forwarded === undefined ? hosts : [...hosts, forwarded]) {
      const values = { get: (name: string) => (name === "host" ? each : headers.get(name)) };
      yield [
        `the host was signed as ${JSON.stringify(each.slice(0, 128))}, the request has ${JSON.stringify(host.slice(0, 128))}`,
        { headers: canonicalHeaders(names, values) },
      ];
    }
  }

  const override = headers.get("x-http-method-override");
  for (const method of new Set(["GET", "POST", "PUT", ...(override === undefined ? [] : [override])])) {
    if (method !== parts.method) yield [`the method was signed as ${JSON.stringify(method.slice(0, 32))}`, { method }];
  }

  if (listed.join(";") !== names.join(";")) {
    const lower = new Map(listed.map((name) => [name, headers.get(name.toLowerCase()) ?? ""]));
    yield [
      "the headers were signed in the order and case of SignedHeaders",
      { headers: canonicalHeaders(listed, lower), signedHeaders: listed.join(";") },
    ];
  }
  if (absent.length > 0 && absent.length < names.length) {
    const values = { get: (name: string) => headers.get(name) ?? "" };
    yield [`${absent.slice(0, 8).join(", ")} signed as empty`, { headers: canonicalHeaders(names, values) }];
  }
}

function decodePath(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));
}

/** A name (0) or value (1) whose raw text has `+` signs, encoded with them as characters. */
function encodePlus(raw: string, encoded: string, side: 0 | 1): string {
  const equals = raw.indexOf("=");
  const text = side === 0 ? (equals < 0 ? raw : raw.slice(0, equals)) : equals < 0 ? "" : raw.slice(equals + 1);
  return text.includes("+") ? encodePath(decodePath(text)).replaceAll("/", "%2F") : encoded;
}
