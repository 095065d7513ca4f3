import { isMapping } from "../../source-node.ts";
import { isTruthy } from "../intrinsic.ts";
import { type Made, mapping } from "../sam-template.ts";
import type { Subject } from "./subject.ts";

/** `MutualTlsAuthentication` of a custom domain. */
export function addMutualTls(subject: Subject, domain: Made, made: Made, name: string): void {
  const given = domain.MutualTlsAuthentication;
  if (!isTruthy(given)) return;
  const where = [domain, "MutualTlsAuthentication"] as const;
  if (!isMapping(given)) {
    throw subject.refusal(
      `Property '${name}' should be a map.`,
      where,
      "Give TruststoreUri, and TruststoreVersion if you like.",
    );
  }
  const known = ["TruststoreUri", "TruststoreVersion"];
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw subject.refusal(`Available ${name} fields are ['TruststoreUri', 'TruststoreVersion'].`, [given, unknown]);
  }
  const tls = mapping(Object.fromEntries(known.filter((key) => isTruthy(given[key])).map((key) => [key, given[key]])));
  made.MutualTlsAuthentication = tls;
  subject.sam.origins.set(made, "MutualTlsAuthentication", subject.place(where));
}

/** Base paths as a list; undefined when the API has the whole domain. */
export function basePathsOf(domain: Made): unknown[] | undefined {
  const given = domain.BasePath;
  if (!isTruthy(given)) return undefined;
  if (typeof given === "string") return [given];
  return Array.isArray(given) ? given : undefined;
}
