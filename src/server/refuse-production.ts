import { StartError } from "./start-error.ts";

/** What tells that a process serves somebody: value undefined means that any value does. */
const MARKERS: readonly { readonly variable: string; readonly value?: string }[] = [
  { variable: "NODE_ENV", value: "production" },
  { variable: "AWS_LAMBDA_FUNCTION_NAME" },
  { variable: "AWS_EXECUTION_ENV" },
  { variable: "ECS_CONTAINER_METADATA_URI_V4" },
  { variable: "KUBERNETES_SERVICE_HOST" },
];

/**
 * The development issuer hands a token to whoever asks, so it does not start where programs serve other people. A job of
 * continuous integration may well run in Kubernetes: `CI` says so.
 *
 * @throws StartError unless `isAccepted`
 */
export function refuseProduction(env: NodeJS.ProcessEnv, isAccepted: boolean): void {
  if (isAccepted) return;
  const isCi = env.CI !== undefined && env.CI !== "" && env.CI !== "false";
  for (const { variable, value } of MARKERS) {
    const found = env[variable];
    if (found === undefined || found === "" || (value === undefined ? isCi : found !== value)) continue;
    throw new StartError(
      `the development issuer does not run in production, and ${variable} is ${JSON.stringify(found.slice(0, 64))} here. Start with --no-issuer, unset it, or say --i-know-this-is-not-for-production.`,
    );
  }
}
