import {
  type CompileBody,
  compileAssignment,
  compileExpression,
  compileReference,
  type Render,
} from "./compile-expression.ts";
import { JavaList, JavaMap, type JavaValue } from "./java-value.ts";
import { MAX_FOREACH_ITERATIONS } from "./limits.ts";
import { printValue } from "./print-value.ts";
import {
  type Argument,
  DefinedBlock,
  ForeachScope,
  type Frame,
  LeaveLoop,
  type RenderState,
  StopRendering,
} from "./render-state.ts";
import type { CallStatement, IfStatement, Macro, PrintStatement, Statement } from "./syntax-tree.ts";

const LEAVE_LOOP = new LeaveLoop();
const STOP = new StopRendering();

/** Turns a parsed template into one closure. */
export function compileTemplate(statements: readonly Statement[], macros: ReadonlyMap<string, Macro>): Render {
  const compiledMacros = new Map<string, Render>();
  const body: CompileBody = (inner) => compileBody(inner);

  function compileBody(inner: readonly Statement[]): Render {
    const [first, ...others] = inner.map(compileStatement);
    if (first === undefined) return () => undefined;
    if (others.length === 0) return first;
    return (state) => {
      first(state);
      for (const statement of others) statement(state);
    };
  }

  function compileStatement(statement: Statement): Render {
    switch (statement.kind) {
      case "text": {
        const { text } = statement;
        return (state) => {
          state.chargeChars(text.length);
          state.write(text);
        };
      }
      case "print":
        return compilePrint(statement);
      case "set": {
        const value = compileExpression(statement.value, body).value;
        const assign = compileAssignment(statement.target, body);
        return (state) => {
          state.charge();
          state.at = statement.at;
          const assigned = value(state);
          if (assigned !== null) assign(state, assigned); // Velocity 1.7: null leaves what was there
        };
      }
      case "if":
        return compileIf(statement);
      case "foreach":
        return compileForeach(statement);
      case "define": {
        const render = compileBody(statement.body);
        return (state) => {
          state.set(statement.name, new DefinedBlock(state, render));
        };
      }
      case "call":
        return compileCall(statement);
      case "break":
        return () => {
          throw LEAVE_LOOP;
        };
      case "stop":
        return () => {
          throw STOP;
        };
    }
  }

  function compilePrint({ reference, prefix, escaped }: PrintStatement): Render {
    const value = compileReference(reference, body);
    const { source } = reference;
    if (escaped) {
      return (state) => state.write(value(state) === null ? `${prefix}\\${source}` : prefix + source);
    }
    // An undefined reference keeps all its backslashes: they escaped nothing.
    const literal = reference.quiet ? prefix + prefix : prefix + prefix + source;
    return (state) => {
      const printed = value(state);
      if (printed === null) state.write(literal);
      else if (printed instanceof DefinedBlock) {
        state.write(prefix);
        if (!printed.write()) state.write(source);
      } else if (prefix === "" && typeof printed === "string") writeCounted(printed, state);
      else writeCounted(prefix + printValue(printed, state), state);
    };
  }

  function compileIf({ branches, otherwise }: IfStatement): Render {
    const compiled = branches.map((branch) => ({
      test: compileExpression(branch.condition, body).test,
      render: compileBody(branch.body),
    }));
    const last = compileBody(otherwise);
    return (state) => {
      state.charge();
      for (const branch of compiled) {
        if (branch.test(state)) {
          branch.render(state);
          return;
        }
      }
      last(state);
    };
  }

  function compileForeach(statement: Extract<Statement, { kind: "foreach" }>): Render {
    const list = compileExpression(statement.list, body).value;
    const render = compileBody(statement.body);
    return (state) => {
      state.at = statement.at;
      const items = itemsOf(list(state));
      if (items === undefined) return;
      state.charge(1 + items.length);
      const scope = new ForeachScope(items.length, state.getGlobal("foreach"));
      const names = [statement.variable, "velocityCount", "velocityHasNext", "foreach"] as const;
      const before = names.map((name) => state.getGlobal(name));
      state.setGlobal("foreach", scope);
      try {
        for (const [index, item] of items.entries()) {
          if (index >= MAX_FOREACH_ITERATIONS) {
            state.at = statement.at;
            state.fail("limit", `#foreach has more than ${MAX_FOREACH_ITERATIONS} iterations`);
          }
          scope.index = index;
          state.restore(statement.variable, item);
          state.setGlobal("velocityCount", index + 1);
          state.setGlobal("velocityHasNext", index + 1 < items.length);
          render(state);
        }
      } catch (error) {
        if (error !== LEAVE_LOOP) throw error;
      }
      for (const [index, name] of names.entries()) state.restore(name, before[index] ?? null);
    };
  }

  function compileCall(statement: CallStatement): Render {
    const macro = macros.get(statement.name);
    if (macro === undefined) {
      const { source } = statement;
      return (state) => {
        state.chargeChars(source.length);
        state.write(source); // what no macro is called is text, its block too
      };
    }
    const args = statement.args.map((argument) => compileExpression(argument, body).value);
    const block = statement.body === undefined ? undefined : compileBody(statement.body);
    const { at } = statement;
    return (state) => {
      state.charge(1 + args.length);
      state.at = at;
      const caller = state.frame;
      const named = new Map<string, Argument>();
      for (const [index, name] of macro.parameters.entries()) {
        const argument = args[index];
        if (argument !== undefined) named.set(name, argument);
      }
      if (block !== undefined) {
        const content = new DefinedBlock(state, block);
        named.set("bodyContent", () => content);
      }
      const frame: Frame = { parent: caller, args: named, locals: new Map() };
      state.call(frame, macroBody(macro), `#${macro.name}`);
    };
  }

  function macroBody(macro: Macro): Render {
    const known = compiledMacros.get(macro.name);
    if (known !== undefined) return known;
    const render = compileBody(macro.body);
    compiledMacros.set(macro.name, render);
    return render;
  }

  for (const macro of macros.values()) macroBody(macro);
  return compileBody(statements);
}

/** Runs a compiled template to its end or its `#stop`. */
export function runTemplate(render: Render, state: RenderState): void {
  try {
    render(state);
  } catch (error) {
    if (error !== STOP && error !== LEAVE_LOOP) throw error;
  }
}

function writeCounted(text: string, state: RenderState): void {
  state.chargeChars(text.length);
  state.write(text);
}

function itemsOf(list: JavaValue): readonly JavaValue[] | undefined {
  if (list instanceof JavaList) return [...list.items];
  if (list instanceof JavaMap) return [...list.entries().values()];
  return undefined; // Velocity skips what cannot be iterated
}
