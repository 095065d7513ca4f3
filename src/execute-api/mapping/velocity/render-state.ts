import { Budget } from "./budget.ts";
import { HostObject, type JavaValue } from "./java-value.ts";
import { MAX_CALL_DEPTH, MAX_DEFINE_DEPTH, MAX_OUTPUT_CHARS } from "./limits.ts";

/** Names that a template can refer to. */
export type Variables = Map<string, JavaValue>;

/** What an argument of a macro is: evaluated anew at each use, in the caller's scope (Velocity's call by name). */
export type Argument = (state: RenderState) => JavaValue;

/** One call of a macro: its arguments and what `#set` made of them. */
export interface Frame {
  readonly parent: Frame | undefined;
  readonly args: ReadonlyMap<string, Argument>;
  readonly locals: Variables;
}

/** Everything that changes while one template is rendered. */
export class RenderState extends Budget {
  output = "";
  frame: Frame | undefined;
  /** What an undefined reference is worth: null as in Velocity, or API Gateway's empty string. */
  readonly undefinedValue: null | "";
  readonly #variables: Variables;
  #callDepth = 0;

  constructor(variables: Variables, undefinedValue: null | "", maxSteps?: number) {
    super(maxSteps);
    this.#variables = variables;
    this.undefinedValue = undefinedValue;
  }

  write(text: string): void {
    this.output += text;
    if (this.output.length > MAX_OUTPUT_CHARS) {
      this.fail("limit", `the output would be longer than ${MAX_OUTPUT_CHARS} characters`);
    }
  }

  /** What rendering this adds to the output, taken out of it again. */
  capture(render: (state: RenderState) => void): string {
    const before = this.output;
    this.output = "";
    try {
      render(this);
      this.allowString(this.output.length);
      return this.output;
    } finally {
      this.output = before; // also when #break leaves
    }
  }

  get(name: string): JavaValue {
    for (let frame = this.frame; frame !== undefined; frame = frame.parent) {
      const local = frame.locals.get(name);
      if (local !== undefined) return local;
      const argument = frame.args.get(name);
      if (argument !== undefined) return this.#inFrame(frame.parent, argument);
    }
    return this.#variables.get(name) ?? null;
  }

  set(name: string, value: JavaValue): void {
    for (let frame = this.frame; frame !== undefined; frame = frame.parent) {
      if (frame.args.has(name)) {
        frame.locals.set(name, value);
        return;
      }
    }
    this.#variables.set(name, value);
    this.allowItems(this.#variables.size);
  }

  /** Puts back what a loop variable was before; null makes it undefined again. */
  restore(name: string, value: JavaValue): void {
    if (value === null) this.#variables.delete(name);
    else this.#variables.set(name, value);
  }

  /** Velocity's loop variables live outside macro scopes. */
  getGlobal(name: string): JavaValue {
    return this.#variables.get(name) ?? null;
  }

  setGlobal(name: string, value: JavaValue): void {
    this.#variables.set(name, value);
  }

  /** Runs a macro or prints a block, to a bounded depth. */
  call(frame: Frame | undefined, render: (state: RenderState) => void, what: string): void {
    this.#callDepth += 1;
    if (this.#callDepth > MAX_CALL_DEPTH) this.fail("limit", `${what} calls go deeper than ${MAX_CALL_DEPTH}`);
    const before = this.frame;
    this.frame = frame;
    try {
      render(this);
    } catch (error) {
      if (!(error instanceof LeaveLoop)) throw error; // #break leaves the macro or block it stands in
    } finally {
      this.frame = before;
      this.#callDepth -= 1;
    }
  }

  #inFrame(frame: Frame | undefined, argument: Argument): JavaValue {
    const before = this.frame;
    this.frame = frame;
    this.charge();
    const value = argument(this);
    this.frame = before;
    return value;
  }
}

/** `$foreach`: the loop being run. */
export class ForeachScope extends HostObject {
  index = -1;
  readonly #size: number;
  readonly #parent: JavaValue;

  constructor(size: number, parent: JavaValue) {
    super();
    this.#size = size;
    this.#parent = parent;
  }

  override property(name: string): JavaValue {
    switch (name) {
      case "index":
        return this.index;
      case "count":
        return this.index + 1;
      case "hasNext":
        return this.index + 1 < this.#size;
      case "first":
        return this.index === 0;
      case "last":
        return this.index + 1 === this.#size;
      case "parent":
        return this.#parent;
      case "topmost":
        return this.#parent instanceof ForeachScope ? this.#parent.property("topmost") : this;
      default:
        return null;
    }
  }

  override call(name: string, args: readonly JavaValue[]): JavaValue | undefined {
    if (args.length > 0) return undefined;
    const getter = /^(?:get(Index|Count|Parent|Topmost)|(hasNext)|is(First|Last))$/.exec(name);
    const property = getter?.[1] ?? getter?.[2] ?? getter?.[3];
    return property === undefined ? undefined : this.property(property.charAt(0).toLowerCase() + property.slice(1));
  }

  override print(): string {
    return "foreach";
  }
}

/** What `#define` leaves behind: rendered anew each time, in the scope it was defined in. */
export class DefinedBlock extends HostObject {
  readonly #state: RenderState;
  readonly #frame: Frame | undefined;
  readonly #render: (state: RenderState) => void;
  #depth = 0;

  constructor(state: RenderState, render: (state: RenderState) => void) {
    super();
    this.#state = state;
    this.#frame = state.frame;
    this.#render = render;
  }

  /** Adds the block to the output; false, and nothing, when it is being printed by itself too often. */
  write(): boolean {
    if (this.#depth >= MAX_DEFINE_DEPTH) return false;
    this.#depth += 1;
    try {
      this.#state.call(this.#frame, this.#render, "#define");
    } finally {
      this.#depth -= 1;
    }
    return true;
  }

  override property(): JavaValue {
    return null;
  }

  override call(name: string, args: readonly JavaValue[]): JavaValue | undefined {
    return name === "toString" && args.length === 0 ? this.print() : undefined;
  }

  override print(): string {
    return this.#state.capture(() => this.write());
  }
}

/** `#break` and `#stop` leave by throwing; no template sees these. */
export class LeaveLoop {}
export class StopRendering {}
