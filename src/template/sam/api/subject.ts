import type { SourcePosition } from "../../../model/finding.ts";
import { show } from "../../source-node.ts";
import { SamRefusal } from "../sam-refusal.ts";
import type { SamTemplate } from "../sam-template.ts";

/** A member of a mapping or list of the template: what a refusal points at. */
type Member = readonly [container: object, key: string | number];

const FIX = "Correct it: SAM refuses the whole template for this, so AWS would not deploy it either.";

/** What is being expanded: gives a refusal SAM's words for it, and its place. */
export class Subject {
  readonly sam: SamTemplate;
  readonly logicalId: string;
  readonly at: SourcePosition;
  readonly #prefix: string;

  private constructor(sam: SamTemplate, logicalId: string, prefix: string, at: SourcePosition) {
    this.sam = sam;
    this.logicalId = logicalId;
    this.at = at;
    this.#prefix = prefix;
  }

  static resource(sam: SamTemplate, logicalId: string): Subject {
    return new Subject(sam, logicalId, `Resource with id [${logicalId}] is invalid. `, sam.resourceAt(logicalId));
  }

  /** An event of a resource. */
  event(eventId: string, at: SourcePosition): Subject {
    return new Subject(this.sam, this.logicalId, `${this.#prefix}Event with id [${eventId}] is invalid. `, at);
  }

  refusal(message: string, where?: Member, fix = FIX): SamRefusal {
    return new SamRefusal(this.place(where), "sam-resource-invalid", this.#prefix + message, fix);
  }

  refuse(message: string, where?: Member, fix = FIX): never {
    throw this.refusal(message, where, fix);
  }

  /** For what SAM blames on the template as a whole: a definition that is no OpenAPI document. */
  structureRefusal(message: string, where?: Member, fix = FIX): SamRefusal {
    const whole = `Structure of the SAM template is invalid. ${message}`;
    return new SamRefusal(this.place(where), "sam-template-invalid", whole, fix);
  }

  refuseStructure(message: string, where?: Member, fix = FIX): never {
    throw this.structureRefusal(message, where, fix);
  }

  place(where: Member | undefined): SourcePosition {
    return where ? this.sam.at(where[0], where[1], this.at) : this.at;
  }
}

/** A value inside a message: text as it is. */
export function worded(value: unknown): string {
  return typeof value === "string" ? value : show(value);
}

/** Runs one step of the expansion; what it refuses becomes a finding that stops the load. */
export function orRefuse(sam: SamTemplate, expand: () => void): void {
  try {
    expand();
  } catch (refusal) {
    if (!(refusal instanceof SamRefusal)) throw refusal;
    const { at, rule, message, fix } = refusal;
    const isKnown = sam.report.findings.some(
      (each) => each.message === message && each.at.line === at.line && each.at.column === at.column,
    );
    if (!isKnown) sam.refuse(at, rule, message, fix);
  }
}
