import type { Finding } from "../../model/finding.ts";
import type { RestApi, Stage } from "../../model/rest-api.ts";
import type { SourceDocument } from "../document.ts";
import { loadHttpApi } from "../openapi/http-api/load-http-api.ts";
import { type ExpandedSam, type ExpandSamOptions, expandSam } from "../sam/expand-sam.ts";
import type { SourceNode } from "../source-node.ts";
import { resolveTemplate } from "./resolve-template.ts";
import type { ImportHttpApi } from "./resources/http-api-definition.ts";
import type { StackContext } from "./resources/stack-context.ts";
import { readRestApis } from "./rest-api/read-rest-apis.ts";
import type { ReferencedResource, ReferenceValues, ResolvedStack, StackPlace, StackResource } from "./stack.ts";

/** A REST API of a stack with its stages. */
export interface LoadedRestApi {
  readonly api: RestApi;
  readonly stages: readonly Stage[];
  /** Findings with effect `api` that concern this API. */
  readonly refusals?: readonly Finding[];
}

export interface ResolveTemplateOptions {
  readonly place: StackPlace;
  readonly parameters: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly referenceValues: (resource: ReferencedResource) => ReferenceValues;
  readonly readFile: (file: string) => string | undefined;
}

/** The parts of loading a stack that `loadStack` puts in order. */
export interface StackReaders {
  readonly expandSam: (template: SourceNode, options: ExpandSamOptions) => ExpandedSam;
  readonly resolveTemplate: (document: SourceDocument, options: ResolveTemplateOptions) => ResolvedStack;
  readonly readRestApis: (
    resources: readonly StackResource[],
    context: StackContext,
  ) => { readonly restApis: readonly LoadedRestApi[]; readonly findings: readonly Finding[] };
  readonly importHttpApi: ImportHttpApi;
}

/** The readers of real templates. */
export const STACK_READERS: StackReaders = { expandSam, resolveTemplate, readRestApis, importHttpApi: loadHttpApi };
