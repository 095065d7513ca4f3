import { statSync } from "node:fs";
import { extname, relative, resolve, sep } from "node:path";

/** What Lambda's Node.js runtime looks for, in its order, and TypeScript, which is translated here. */
const HANDLER_ENDINGS = [".js", ".mjs", ".cjs", ".ts"] as const;

export type HandlerVerdict =
  | { readonly ok: true; readonly handlerFile: string; readonly handlerExport: string }
  | {
      readonly ok: false;
      /** In words that follow "the handler is …". */
      readonly reason: string;
      /** Files of which any would be the handler. */
      readonly candidates: readonly string[];
    };

/** The module file and export that a `Handler` such as `src/index.handler` means in a folder of code. */
export function locateHandler(folder: string, handler: string): HandlerVerdict {
  const slash = handler.lastIndexOf("/");
  const dot = handler.indexOf(".", slash + 1);
  if (dot <= slash + 1 || dot === handler.length - 1) {
    return { ok: false, reason: "not of the form FILE.EXPORT", candidates: [] };
  }
  const base = resolve(folder, handler.slice(0, dot));
  const inside = relative(folder, base);
  if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside) {
    return { ok: false, reason: "outside the function's code", candidates: [] };
  }
  const endings: readonly string[] = HANDLER_ENDINGS;
  const candidates = endings.includes(extname(base)) ? [base] : endings.map((ending) => base + ending);
  const handlerFile = candidates.find((file) => kindOfFile(file) === "file");
  if (handlerFile !== undefined) return { ok: true, handlerFile, handlerExport: handler.slice(dot + 1) };
  return { ok: false, reason: `not there: no file ${base} with one of ${endings.join(" ")}`, candidates };
}

/** What stands at a path; undefined for nothing, and for what is neither file nor folder. */
export function kindOfFile(path: string): "file" | "folder" | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile()) return "file";
  return status?.isDirectory() ? "folder" : undefined;
}
