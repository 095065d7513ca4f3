import { basename, dirname, join, resolve } from "node:path";
import { isMapping, type SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { kindOfFile } from "./locate-handler.ts";
import type { ResourceProblems, StackContext } from "./stack-context.ts";

/** CloudFormation's bound on inline code (D: AWS::Lambda::Function Code, ZipFile). */
export const MAX_INLINE_CODE_CHARACTERS = 4 * 1024 * 1024;

/**
 * The folder, absolute, that holds a function's code: written inline, a local path (`sam`, `aws cloudformation package`
 * before packaging), a CDK asset (`Metadata.aws:asset:path`, or the asset manifest beside the template), or the zip that
 * the Serverless Framework leaves beside its template. Nothing is fetched from S3. Undefined after a problem.
 */
export function locateCode(
  resource: StackResource,
  functionArn: string,
  runtime: string,
  problems: ResourceProblems,
  context: StackContext,
): string | undefined {
  const code = resource.properties.get("Code");
  if (typeof code?.value === "string") return openPath(resolve(context.folder, code.value), code, problems, context);
  const inline = code?.get("ZipFile");
  if (inline) return writeInline(inline, functionArn, runtime, problems, context);
  const asset = resource.metadata?.get("aws:asset:path");
  if (typeof asset?.value === "string") {
    return openPath(resolve(context.folder, asset.value), asset, problems, context);
  }
  const key = code?.get("S3Key");
  if (typeof key?.value === "string") {
    const file = manifestSource(key.value, context) ?? join(context.folder, basename(key.value));
    return openPath(file, key, problems, context);
  }
  const message = `The code of ${resource.logicalId} is ${show(code?.value)}, wanted ZipFile, a local path, or an S3Key whose file is here.`;
  problems.add("function-code-missing", code, message, "Name a folder or zip file beside the template.");
  return undefined;
}

function writeInline(
  node: SourceNode,
  functionArn: string,
  runtime: string,
  problems: ResourceProblems,
  { materialize }: StackContext,
): string | undefined {
  const { value } = node;
  if (typeof value !== "string" || value.length > MAX_INLINE_CODE_CHARACTERS) {
    const found = typeof value === "string" ? `of ${value.length} characters` : show(value);
    const message = `ZipFile is ${found}, wanted the function's source, at most ${MAX_INLINE_CODE_CHARACTERS} characters.`;
    problems.add("function-code-invalid", node, message, "Put the code in a folder.");
    return undefined;
  }
  return attempt(() => materialize.inlineCode(functionArn, value, runtime), "inline code", node, problems);
}

/** A folder is taken as it is, a zip is unpacked, any other file stands for the folder it is in. */
function openPath(
  path: string,
  node: SourceNode,
  problems: ResourceProblems,
  { files, materialize }: StackContext,
): string | undefined {
  const kind = kindOfFile(path);
  if (kind === "folder") return path;
  files.add(path);
  if (kind === undefined) {
    const message = `The function's code is said to be at ${path}, and nothing is there.`;
    problems.add("function-code-missing", node, message, "Build or package the function first.");
    return undefined;
  }
  if (!/\.(?:zip|jar)$/i.test(path)) return dirname(path);
  return attempt(() => materialize.zip(path), path, node, problems);
}

function attempt(work: () => string, what: string, node: SourceNode, problems: ResourceProblems): string | undefined {
  try {
    return work();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    problems.add("function-code-invalid", node, `The function's code (${what}) cannot be used: ${cause}.`, "Mend it.");
    return undefined;
  }
}

/** What the CDK's asset manifest says the object of that key is made of; absolute. */
function manifestSource(key: string, { folder, fileName, files, readFile }: StackContext): string | undefined {
  const stack = /^(.+)\.template\.(?:json|ya?ml)$/.exec(fileName)?.[1];
  if (stack === undefined) return undefined;
  const file = join(folder, `${stack}.assets.json`);
  const text = readFile(file);
  if (text === undefined) return undefined;
  files.add(file);
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return undefined;
  }
  const assets = isMapping(manifest) && isMapping(manifest.files) ? Object.values(manifest.files) : [];
  for (const asset of assets) {
    if (!isMapping(asset) || !isMapping(asset.source) || !isMapping(asset.destinations)) continue;
    const keys = Object.values(asset.destinations).map((each) => (isMapping(each) ? each.objectKey : undefined));
    if (keys.includes(key) && typeof asset.source.path === "string") return resolve(folder, asset.source.path);
  }
  return undefined;
}
