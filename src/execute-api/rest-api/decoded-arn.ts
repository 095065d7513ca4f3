/**
 * A method's ARN with its path percent-decoded, where that is another text. AWS hands paths through as they were sent (R),
 * and a backend behind `{proxy+}` reads `/%61dmin` as `/admin`: a policy's Deny of the latter is meant to hold. Byte by byte,
 * so that a malformed escape elsewhere in the path hides nothing.
 */
export function decodedArn(methodArn: string): string | undefined {
  if (!methodArn.includes("%")) return undefined;
  const bytes = methodArn.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const decoded = Buffer.from(bytes, "latin1").toString("utf8");
  return decoded === methodArn ? undefined : decoded;
}
