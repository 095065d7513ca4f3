import { readFileSync, rmSync } from "node:fs";
import { StartError } from "./start-error.ts";
import { writePrivateFile } from "./write-private-file.ts";

/** What a running server tells scripts: addresses, process, APIs. What is not running is null. */
export interface ReadyFile {
  readonly gateway: string;
  readonly management: string | null;
  readonly issuer: string | null;
  readonly issuerTls: string | null;
  readonly console: string | null;
  readonly pid: number;
  readonly apis: readonly ReadyApi[];
}

export interface ReadyApi {
  readonly apiId: string;
  readonly name: string;
  readonly type: "REST" | "HTTP";
  readonly stages: readonly ReadyStage[];
  /** Custom domains that lead to the API, if any. */
  readonly domains?: readonly ReadyDomain[];
}

export interface ReadyDomain {
  /** The Host header; of a wildcard domain with its asterisk, in whose place any one label may stand. */
  readonly domainName: string;
  /** The key of the API mapping; empty takes every path that no other takes. */
  readonly key: string;
  /** Without trailing slash; where the mapping names no stage, the stage is the next segment. */
  readonly hostUrl: string;
}

export interface ReadyStage {
  readonly name: string;
  /** The path form on the bound address, without trailing slash; works in every client. */
  readonly url: string;
  /** The Host header of the other form. */
  readonly host: string;
  readonly hostUrl: string;
}

/** Written whole, by rename, once everything listens; readable by its owner only. @throws StartError when it cannot be */
export function writeReadyFile(path: string, ready: ReadyFile): void {
  try {
    writePrivateFile(path, `${JSON.stringify(ready, null, 2)}\n`);
  } catch (error) {
    const cause = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new StartError(`cannot write the ready file ${path} (${cause}). Name a writable place with --ready-file.`);
  }
}

/** Removes the file at exit, unless another process has written its own over it. */
export function removeReadyFile(path: string): void {
  if (readReadyFile(path)?.pid === process.pid) rmSync(path, { force: true });
}

/** The ready file of a running server, or undefined when there is none or it cannot be read. */
export function readReadyFile(path: string): ReadyFile | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null && "pid" in value ? (value as ReadyFile) : undefined;
  } catch {
    return undefined;
  }
}
