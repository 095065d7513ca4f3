import type { Finding, SourcePosition } from "../../model/finding.ts";
import type { SourceNode } from "../source-node.ts";

/** Where a stack is said to be deployed: what pseudo-parameters and ARNs are made of. */
export interface StackPlace {
  readonly region: string;
  readonly accountId: string;
  readonly partition: string;
  readonly stackName: string;
}

/** A resource of a template whose condition holds, with every intrinsic function resolved. */
export interface StackResource {
  readonly logicalId: string;
  /** e.g. `AWS::ApiGatewayV2::Route`. */
  readonly type: string;
  /** A mapping, perhaps empty; its nodes point at what the user wrote. */
  readonly properties: SourceNode;
  readonly metadata: SourceNode | undefined;
  readonly at: SourcePosition;
}

/** A resource while others that refer to it are still being resolved. */
export interface ReferencedResource {
  readonly logicalId: string;
  readonly type: string;
  /** A top-level property, resolved on demand; undefined when absent or unresolvable. */
  readonly property: (name: string) => unknown;
}

/** What `Ref` and `Fn::GetAtt` give. `attribute` answers undefined for one the type does not have. */
export interface ReferenceValues {
  readonly ref: string;
  /** What `Ref` and the attributes give is not known before the project is served: no reader may take them for text. */
  readonly isMadeLater?: true;
  readonly attribute: (name: string) => string | undefined;
}

export interface ResolvedStack {
  /** In the order of the file. */
  readonly resources: readonly StackResource[];
  /** Output name → value. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly findings: readonly Finding[];
  /** Values of NoEcho parameters. */
  readonly secrets: readonly string[];
  /** Files read besides the template (AWS::Include), absolute: their change is the template's. */
  readonly files: readonly string[];
}
