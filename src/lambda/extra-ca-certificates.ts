import { readFileSync } from "node:fs";
import * as tls from "node:tls";

/**
 * Trusts the certificates of a PEM file besides those that Node.js comes with, in this thread only. A process does so by
 * itself at its start when `NODE_EXTRA_CA_CERTS` names the file; a worker thread of one that runs already does not.
 *
 * @throws Error when the file cannot be read, holds no certificate, or Node.js is older than 22.19
 */
export function trustExtraCaCertificates(file: string): void {
  if (tls.setDefaultCACertificates === undefined) throw new Error("Node.js 22.19 or newer is needed");
  const extra = readFileSync(file, "utf8");
  tls.setDefaultCACertificates([...tls.getCACertificates("default"), extra]);
}
