import type { Tenant } from "../tenant/tenant.ts";
import { notSupported } from "./management-error.ts";
import { type Operation, ok } from "./operation.ts";
import { FIELDS_QUERY, withFields } from "./page.ts";
import { always, list, readPayload, text } from "./payload.ts";

export const TENANT_SETTINGS_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "tenants/settings",
    scopes: ["read:tenant_settings"],
    query: FIELDS_QUERY,
    answer: ({ query, tenant }) => ok(withFields(query, settings(tenant))),
  },
  {
    method: "PATCH",
    path: "tenants/settings",
    scopes: ["update:tenant_settings"],
    async answer({ body, context, tenant }) {
      const { enabled_locales, oidc_logout } = settings(tenant);
      const fields = {
        default_audience: text({ maxChars: 600 }),
        allowed_logout_urls: list(text({ minChars: 1 })),
        enabled_locales: always(enabled_locales),
        oidc_logout: always(oidc_logout),
      };
      const { default_audience: audience, allowed_logout_urls: urls } = readPayload(body, {
        fields,
        unsupported: UNSUPPORTED,
      });
      const changes = {
        ...(audience !== undefined && { default_audience: audience === "" ? null : audience }),
        ...(urls !== undefined && { allowed_logout_urls: urls }),
      };
      const { tenants } = context.state;
      if (Object.keys(changes).length > 0) {
        if (!tenants.patchSettings) throw notSupported("This tenant has no file, so its settings cannot be changed.");
        await tenants.patchSettings(changes);
      }
      return ok(settings(tenants.current()));
    },
  },
];

/** Auth0's names for what this issuer knows of its tenant. */
function settings({ allowedLogoutUrls, defaultAudience }: Tenant): Readonly<Record<string, unknown>> {
  return {
    default_audience: defaultAudience ?? "",
    allowed_logout_urls: allowedLogoutUrls,
    enabled_locales: ["en"],
    oidc_logout: { rp_logout_end_session_endpoint_discovery: true },
  };
}

const UNSUPPORTED = [
  "change_password",
  "device_flow",
  "guardian_mfa_page",
  "default_directory",
  "error_page",
  "default_token_quota",
  "flags",
  "friendly_name",
  "picture_url",
  "support_email",
  "support_url",
  "session_lifetime",
  "session_lifetime_in_minutes",
  "idle_session_lifetime",
  "idle_session_lifetime_in_minutes",
  "ephemeral_session_lifetime",
  "idle_ephemeral_session_lifetime",
  "ephemeral_session_lifetime_in_minutes",
  "idle_ephemeral_session_lifetime_in_minutes",
  "sandbox_version",
  "legacy_sandbox_version",
  "default_redirection_uri",
  "security_headers",
  "session_cookie",
  "sessions",
  "customize_mfa_in_postlogin_action",
  "allow_organization_name_in_authentication_api",
  "acr_values_supported",
  "mtls",
  "pushed_authorization_requests_supported",
  "authorization_response_iss_parameter_supported",
  "skip_non_verifiable_callback_uri_confirmation_prompt",
  "resource_parameter_profile",
  "client_id_metadata_document_supported",
  "enable_ai_guide",
  "phone_consolidated_experience",
  "include_session_metadata_in_tenant_logs",
  "dynamic_client_registration_security_mode",
  "country_codes",
];
