/** How sure a fact is: recorded from AWS, documented, seen by others, unverified. */
export type Label = "R" | "D" | "C" | "?";

/** One case of AWS's behaviour, as data any language could use. */
export interface Vector {
  /** `area/group/name`, unique, never reused. */
  readonly id: string;
  readonly label: Label;
  /** The AWS page, the recording or the issue, by name, so that anyone can look. */
  readonly source: string;
  /** Ids of the facts (conformance/facts) this shows. */
  readonly facts: readonly string[];
  /** What judges: requests go through a target, judges are asked directly. */
  readonly subject: "rest-api" | "http-api" | "token" | "policy" | "sigv4" | "mapping" | "issuer";
  /** Only these targets can show it, e.g. `http` for what the transport adds; default all that take the subject. */
  readonly targets?: readonly string[];
  readonly given: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

/** One question and the wanted answer; the steps of a vector run in order against the same state. */
export interface Step {
  readonly when: Readonly<Record<string, unknown>>;
  readonly then: Readonly<Record<string, unknown>>;
}

/** Something AWS does, in a sentence; every one that is ours to imitate should have a vector. */
export interface Fact {
  readonly id: string;
  readonly label: Label;
  readonly text: string;
  /** Why no vector can show it, e.g. since it is of management calls and not of requests. */
  readonly unshown?: string;
}

/** A vector that is known to fail, and why; an unlisted failure and an unlisted success both fail the run. */
export interface Deviation {
  readonly id: string;
  readonly reason: string;
}

/** What came of one vector: the differences found, none when it holds. */
export interface Outcome {
  readonly vector: Vector;
  readonly target: string;
  readonly differences: readonly string[];
}

/** Runs the vectors of some subjects. */
export interface Target {
  readonly name: string;
  readonly subjects: readonly Vector["subject"][];
  run(vector: Vector): Promise<readonly string[]>;
  close(): Promise<void>;
}
