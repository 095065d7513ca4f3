import type { Report } from "../report.ts";
import type { StableIds } from "../resource-id.ts";
import type { SourceNode } from "../source-node.ts";

/** What every part of one load needs. */
export interface LoadContext {
  readonly root: SourceNode;
  /** Swagger 2.0; else OpenAPI 3. */
  readonly isSwagger: boolean;
  readonly apiId: string;
  readonly report: Report;
  readonly ids: StableIds;
}
