/** The API a resource policy is attached to. */
export interface ApiIdentity {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly apiId: string;
}

const SHORT_FORM = "execute-api:/";

/** Whether a Resource is written as `execute-api:/stage/VERB/path`. */
export function isExecuteApiShortForm(resource: string): boolean {
  return resource.startsWith(SHORT_FORM);
}

/**
 * `execute-api:/test/GET/pets` → `arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/pets`. API Gateway does
 * this in resource policies when they are saved (D); other text is answered unchanged.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-examples.html
 */
export function expandExecuteApiShortForm(resource: string, api: ApiIdentity): string {
  if (!isExecuteApiShortForm(resource)) return resource;
  const { partition, region, accountId, apiId } = api;
  return `arn:${partition}:execute-api:${region}:${accountId}:${apiId}/${resource.slice(SHORT_FORM.length)}`;
}
