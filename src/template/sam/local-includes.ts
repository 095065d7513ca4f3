import { resolve } from "node:path";
import { readDocument } from "../document.ts";
import { isMapping, SourceNode } from "../source-node.ts";
import type { SamTemplate } from "./sam-template.ts";

export interface LocalFiles {
  /** Absolute: what relative locations start from. */
  readonly baseFolder: string;
  /** Text of a file by its absolute path; undefined when it cannot be read. */
  readonly readFile: (file: string) => string | undefined;
}

const TRANSFORM = "Fn::Transform";
/** An include may include; a circle may not go on forever. */
const MAX_DEPTH = 16;

/**
 * Puts local files in the place of `Fn::Transform: {Name: AWS::Include}` inside the resources of SAM, since AWS runs the
 * macros inside a template before SAM's (D: CloudFormation, "order of template macros": nested ones first), so that SAM sees
 * a definition's paths. Any other transform stays: whoever reads it next says what is wrong with it. Answers the files.
 */
export function putLocalIncludes(sam: SamTemplate, files: LocalFiles): ReadonlySet<string> {
  const read = new Set<string>();
  for (const logicalId of Object.keys(sam.resources)) {
    const resource = sam.resource(logicalId);
    if (typeof resource?.Type === "string" && resource.Type.startsWith("AWS::Serverless::")) {
      new Includes(sam, files, read).inside(resource, 0);
    }
  }
  return read;
}

class Includes {
  readonly #sam: SamTemplate;
  readonly #files: LocalFiles;
  readonly #read: Set<string>;

  constructor(sam: SamTemplate, files: LocalFiles, read: Set<string>) {
    this.#sam = sam;
    this.#files = files;
    this.#read = read;
  }

  inside(container: unknown, depth: number): void {
    if (typeof container !== "object" || container === null) return;
    const members = container as Record<string | number, unknown>;
    for (const key of Object.keys(members)) {
      let nested = depth;
      for (let included = this.#included(members[key], nested); included !== undefined; ) {
        const from = this.#sam.at(container, key);
        members[key] = included;
        this.#sam.origins.set(container, key, from);
        nested += 1;
        included = this.#included(included, nested);
      }
      this.inside(members[key], nested);
    }
  }

  /** The mapping with the file's members in place of the transform; undefined when it stays as it is. */
  #included(mapping: unknown, depth: number): unknown {
    if (depth >= MAX_DEPTH || !isMapping(mapping) || !Object.hasOwn(mapping, TRANSFORM)) return undefined;
    const { [TRANSFORM]: call, ...others } = mapping;
    if (!isMapping(call) || call.Name !== "AWS::Include" || !isMapping(call.Parameters)) return undefined;
    const location = this.#location(call.Parameters.Location);
    if (location === undefined) return undefined;
    const file = resolve(this.#files.baseFolder, location);
    const text = this.#files.readFile(file);
    const read = text === undefined ? undefined : readDocument(file, text, { shortForms: true });
    if (!read?.ok) return undefined;
    this.#read.add(file);
    const root = SourceNode.root(read.document);
    const included = this.#sam.origins.copy(root);
    if (Object.keys(others).length === 0) return included;
    // Two members of one name would leave open which of them counts.
    if (!isMapping(included) || Object.keys(others).some((key) => Object.hasOwn(included, key))) return undefined;
    for (const [key, value] of Object.entries(others)) {
      included[key] = value;
      this.#sam.origins.set(included, key, this.#sam.at(mapping, key));
    }
    return included;
  }

  /** A path, or a parameter that holds one. */
  #location(value: unknown): string | undefined {
    const given = isMapping(value) && typeof value.Ref === "string" ? this.#sam.parameters[value.Ref] : value;
    return typeof given === "string" && !/^(?:s3|https?):/.test(given) ? given : undefined;
  }
}
