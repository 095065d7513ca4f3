import { SIGNATURE_REASONS, type SignatureReason } from "../aws/sigv4/reasons.ts";
import { TOKEN_REASONS, type TokenReason } from "../token/reasons.ts";

/**
 * Why the gateway itself refused or failed a request: one table (reason, what to check), the type derived from it.
 * Each has a section in docs/reference/reasons/gateway.md; a test compares the two in both directions.
 * Reasons about tokens belong to the token module, those about signatures to aws/sigv4.
 */
export const GATEWAY_REASONS = {
  target_malformed:
    "Percent-encode every % that stands for itself (%25), and resolve .. before sending: AWS's front end answers 400, too.",
  unknown_stage: "Check the first path segment: it must be a deployed stage. A custom domain may leave it out.",
  default_endpoint_disabled:
    "The API has disableExecuteApiEndpoint: call it by its custom domain, the template's or a name given with --allowed-host NAME=API_ID.",
  domain_path_unmapped:
    "Begin the path with the key of one of the domain's API mappings, or map the empty key to an API.",
  http_route_ambiguous:
    "Send the path that the function is to see, without encoded slashes and question marks, or give both routes the same authorization.",
  route_not_found: "Check path and verb against the deployed routes; the token, if any, was never looked at.",
  route_not_found_bearer:
    "Check path and verb: on a route that does not exist REST APIs read Authorization as SigV4, so a good Bearer token gets this answer.",
  route_not_found_signed:
    "Check path and verb: on a route that does not exist REST APIs judge a signature all the same, and a good one gets Missing Authentication Token.",
  iam_unsigned: "The method's authorization is AWS_IAM: sign the request, or switch the method to a Lambda authorizer.",
  iam_bearer_token:
    "The method's authorization is AWS_IAM and the header is no SigV4 signature: switch the method to a Lambda authorizer, or carry the token in another header.",
  iam_denied_identity:
    "Attach a policy to the user or role that allows execute-api:Invoke on this method ARN, or allow the caller in the API's resource policy.",
  iam_explicit_deny:
    "Remove the Deny statement from the caller's policies, boundary or session policies, or narrow it.",
  iam_denied_boundary: "The permissions boundary has to allow execute-api:Invoke on this method ARN too.",
  iam_denied_session:
    "The policies that the session was begun with have to allow execute-api:Invoke on this method ARN too.",
  iam_denied_cross_account:
    "A caller of another account needs both sides: allow it in the REST API's resource policy, or assume a role of the API's account; HTTP APIs know only the role.",
  jwt_missing: "Send the access token where the authorizer's identity source says, with or without Bearer.",
  jwt_claim_refused: "Have the issuer write the claim as the authorizer's claim rules ask for it, or correct the rule.",
  cognito_id_token_wanted:
    "The method names no authorizationScopes, so it takes ID tokens only: send the ID token (gatewarden token --as USER --id-token), or name scopes on the method.",
  cognito_access_token_wanted:
    "The method names authorizationScopes, so it takes access tokens only: send the access token, or remove the scopes from the method.",
  cognito_validation_failed:
    "The authorizer's identityValidationExpression must match the ID token's aud, an app client id, as a whole; access tokens have no aud and always fail.",
  cognito_scope_insufficient:
    "Ask the pool's OAuth endpoints for one of the method's scopes, written IDENTIFIER/SCOPE; sign-in by SRP or by an administrator yields aws.cognito.signin.user.admin alone.",
  identity_source_missing:
    "Send the identity source the authorizer names; it was absent or empty, so the function was not called.",
  identity_validation_failed:
    "The value must match the authorizer's identityValidationExpression as a whole; the function was not called.",
  authorizer_said_unauthorized:
    'The authorizer function failed with the exact message "Unauthorized"; its log lines say why.',
  authorizer_failed: 'The function failed with a message other than "Unauthorized", which AWS answers with 500.',
  authorizer_timed_out: "The function did not answer in time: raise its timeout or make it faster.",
  authorizer_not_invocable: "The function could not be invoked: check that it exists and has code here.",
  authorizer_throttled: "All environments of the authorizer function are busy.",
  authorizer_output_invalid:
    "The answer must be {principalId, policyDocument, context?} with capitalised policy keys and flat context values.",
  authorizer_said_no: "The authorizer answered isAuthorized false; its log lines may say why.",
  authorizer_not_permitted:
    "API Gateway may not invoke the function: add a Lambda permission for apigateway.amazonaws.com, or name a role that may.",
  authorizer_explicit_deny: "A Deny statement of the policy the authorizer returned matches this method ARN.",
  authorizer_implicit_deny: "No statement of the policy the authorizer returned allows this method ARN.",
  cached_policy_denies:
    "The policy was cached from an earlier request with the same identity and does not allow this route. If it speaks of that route only, return one for the whole stage, or set the TTL to 0; else the caller lacks what this route needs.",
  method_arn_too_long: "The method ARN exceeds 1600 bytes: shorten the path.",
  resource_policy_explicit_deny: "A Deny statement of the API's resource policy matches.",
  resource_policy_implicit_deny: "The API has a resource policy and nothing in it allows this request.",
  api_key_missing:
    "Send an API key: in the header x-api-key, or, where the API's key source is AUTHORIZER, have the authorizer answer usageIdentifierKey.",
  api_key_unknown:
    "Send the value of a key, not its id or name: gatewarden usage --show-keys prints the values of those that are known.",
  api_key_disabled: "Enable the API key: a template that leaves Enabled out makes a key that is disabled.",
  api_key_not_on_stage: "Add the key and this API stage to one usage plan, the same for both.",
  quota_exceeded: "The key has used its plan's quota of the period: wait for the next one, or raise the quota.",
  quota_not_countable:
    "The store of quotas cannot be asked, so the quota is closed: see that Redis runs and can be reached.",
  throttled_by_plan_method:
    "The key's limit on this method in its usage plan: send less, or raise rateLimit and burstLimit there.",
  throttled_by_plan:
    "The key's limit in its usage plan, over all of its stages: send less, or raise rateLimit and burstLimit.",
  throttled_by_method: "The method's limit in the stage's settings, for all callers together: send less, or raise it.",
  throttled_by_stage:
    "The limit of the stage's settings for all methods (*/*), for all callers together: send less, or raise it.",
  throttled_by_account:
    "The account's limit over all APIs of the region, AWS's default unless --account-throttle says otherwise: send less, or raise it.",
  request_parameters_missing: "Send every required parameter, non-blank.",
  request_body_invalid: "The body must satisfy the method's request model.",
  request_body_too_large: "A compressed body may have 10 MB once it is decompressed.",
  request_body_not_json: "A parameter mapping reads the body as JSON and it is not JSON.",
  media_type_unsupported:
    "No request template exists for this Content-Type and the integration passes nothing through.",
  request_template_failed: "The request mapping template failed.",
  response_template_failed: "The response mapping template failed.",
  parameter_mapping_failed:
    "A parameter mapping targets a header that AWS does not let an integration set, or its source cannot be read.",
  integration_uri_invalid:
    "The integration's URI is not a valid address once stage variables and path parameters are filled in.",
  integration_method_not_post: "Lambda integrations must be called with POST: set the integration's httpMethod.",
  integration_timed_out: "The backend did not answer within the integration's timeout.",
  integration_unreachable: "The backend could not be reached or broke the connection.",
  integration_no_matching_response: "No integration response matches and there is no default.",
  integration_response_undeclared: "The integration response names a status that is not declared as a method response.",
  lambda_not_invocable: "The function could not be invoked: check that it exists and has code here.",
  lambda_not_permitted:
    "API Gateway may not invoke the function: add a Lambda permission whose SourceArn covers the route, or a role that may.",
  lambda_answer_malformed:
    "Answer {statusCode, headers, cookies, body, isBase64Encoded} with body a string, or, in format 2.0, any JSON without statusCode.",
  integration_missing: "The route has no target: give it an integration.",
  lambda_throttled: "All environments of the function are busy.",
  lambda_proxy_malformed:
    "A proxy function must answer {statusCode, headers, multiValueHeaders, body, isBase64Encoded} and nothing else, body a string.",
  lambda_function_error: "The function failed; its log lines say why.",
  lambda_payload_too_large: "The request is larger than Lambda accepts in one invocation (6 MB).",
  mock_status_unparsable: "A mock's request template must yield JSON with an integer statusCode.",
  binary_conversion_failed: "The payload could not be converted as contentHandling asks.",
  http_route_not_found:
    "Check path and verb against the routes: a trailing slash counts, and HTTP APIs answer 404 to a verb that a path lacks.",
  http_throttled:
    "Raise throttlingRateLimit and throttlingBurstLimit of the route or the stage; 0 and 0 refuse every call.",
  http_stage_not_found:
    "The API has no $default stage and the first path segment names none of its stages: begin the path with a stage.",
  not_served: "Something in this route is not supported; the finding names file, line and remedy.",
  internal_error: "This is a defect of the gateway: please report it with the request id.",
} as const satisfies Record<string, string>;

export type GatewayReason = keyof typeof GATEWAY_REASONS;

/** What to check, for a reason of the gateway, of a signature or of the token module. */
export function checkFor(reason: GatewayReason | SignatureReason | TokenReason): string {
  // It is of one of the tables.
  if (reason in GATEWAY_REASONS) return GATEWAY_REASONS[reason as GatewayReason];
  if (reason in SIGNATURE_REASONS) return SIGNATURE_REASONS[reason as SignatureReason];
  return TOKEN_REASONS[reason as TokenReason].check;
}
