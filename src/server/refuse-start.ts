import { existsSync } from "node:fs";
import type { Finding } from "../model/finding.ts";
import { isLoopback } from "../token/loopback.ts";
import type { ServerOptions } from "./server-options.ts";
import { StartError } from "./start-error.ts";

/** @throws StartError naming everything that keeps a file from being loaded */
export function refuseUnloadable(findings: readonly Finding[]): void {
  const unloadable = findings.filter((finding) => finding.effect === "load");
  if (unloadable.length === 0) return;
  throw new StartError(
    unloadable
      .map((finding) => `${finding.at.file}:${finding.at.line}:${finding.at.column}: ${finding.message} ${finding.fix}`)
      .join("\n"),
    2,
  );
}

/** A path with a typing error would otherwise be a tenant without anything in it. */
export function refuseMissingTenant(file: string | undefined, namedBy: string): void {
  if (file === undefined || existsSync(file)) return;
  throw new StartError(
    `${namedBy} is ${JSON.stringify(file)}, and there is no such file. Make it with "gatewarden issuer api create IDENTIFIER --tenant FILE", or name one that is there.`,
    2,
  );
}

/** Whoever reaches the admin port passes with a Host header that anybody can send. */
export function refuseOpenAdmin({ adminHost }: ServerOptions): void {
  if (isLoopback(adminHost)) return;
  throw new StartError(
    `--admin-host is ${JSON.stringify(adminHost)}, wanted a loopback address such as 127.0.0.1: management and the own interface are not for a network.`,
    2,
  );
}
