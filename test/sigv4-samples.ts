import { signRequest } from "../src/aws/sigv4/sign-request.ts";
import type { SignatureVerdict, SignedRequest, SigningCredential } from "../src/aws/sigv4/signature-verdict.ts";
import { SigningKeys } from "../src/aws/sigv4/signing-keys.ts";
import { type SigV4Options, verifySigV4 } from "../src/aws/sigv4/verify-sigv4.ts";

/** The pair, date and region of AWS's public test suite. */
export const KEY: SigningCredential = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
export const SESSION: SigningCredential = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "session/secret+of=forty",
  sessionToken: "session-token+/=of&some?length",
  expiresAtMs: Date.UTC(2015, 7, 30, 13),
};
export const HOST = "abc123.execute-api.us-east-1.amazonaws.com";
export const DATE = "20150830T123600Z";
export const NOW_MS = Date.UTC(2015, 7, 30, 12, 36);
export const SCOPE = "20150830/us-east-1/execute-api/aws4_request";
export const SIGNING = { region: "us-east-1", service: "execute-api", nowMs: NOW_MS, form: "header" } as const;

const signingKeys = new SigningKeys();

export function sampleOptions(options: Partial<SigV4Options> = {}): SigV4Options {
  const known = new Map([KEY, SESSION].map((each) => [each.accessKeyId, each]));
  return {
    region: SIGNING.region,
    service: SIGNING.service,
    nowMs: NOW_MS,
    find: (accessKeyId) => known.get(accessKeyId),
    signingKeys,
    ...options,
  };
}

export function verify(request: SignedRequest, options: Partial<SigV4Options> = {}): SignatureVerdict {
  return verifySigV4(request, sampleOptions(options));
}

export function bareRequest(change: Partial<SignedRequest> & { readonly text?: string } = {}): SignedRequest {
  const { text = "", ...rest } = change;
  return { method: "GET", target: "/prod/pets", headers: ["Host", HOST], body: Buffer.from(text), ...rest };
}

/** Signed in the header by KEY. */
export function signedRequest(change: Parameters<typeof bareRequest>[0] = {}): SignedRequest {
  return signRequest(bareRequest(change), KEY, SIGNING);
}

/** With the value of a header replaced, added, or (undefined) taken away. */
export function withHeader(request: SignedRequest, name: string, value: string | undefined): SignedRequest {
  const headers: string[] = [];
  for (let at = 0; at < request.headers.length; at += 2) {
    if (request.headers[at]!.toLowerCase() !== name.toLowerCase()) {
      headers.push(request.headers[at]!, request.headers[at + 1]!);
    }
  }
  if (value !== undefined) headers.push(name, value);
  return { ...request, headers };
}

export function headerOf(request: SignedRequest, name: string): string {
  const at = request.headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name.toLowerCase());
  return request.headers[at + 1]!;
}
