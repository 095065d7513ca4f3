/** What Actions of the vectors do; who asks for it says so in a parameter, `acts` of a login or of a token request. */
exports.onExecutePostLogin = async (event, api) => {
  const acts = event.request.query.acts ?? event.request.body.acts ?? "";
  if (acts.includes("claims")) {
    api.accessToken.setCustomClaim("https://shop.example/roles", event.authorization?.roles);
    api.idToken.setCustomClaim("https://shop.example/email", event.user.email);
    api.accessToken.setCustomClaim("plan", "free");
  }
  if (acts.includes("reserved")) {
    for (const name of ["roles", "groups", "permissions", "sub", "aud", "exp", "sip_date"]) {
      api.accessToken.setCustomClaim(name, "mine");
    }
  }
  if (acts.includes("scopes")) {
    api.accessToken.addScope("delete:pets");
    api.accessToken.removeScope("read:pets");
  }
  if (acts.includes("event")) {
    api.accessToken.setCustomClaim("https://shop.example/event", {
      user: event.user.user_id,
      client: event.client.name,
      api: event.resource_server?.identifier,
      requested: event.transaction?.requested_scopes,
      protocol: event.transaction?.protocol,
    });
  }
  if (acts.includes("metadata")) api.user.setAppMetadata("plan", "paid");
  if (acts.includes("deny")) api.access.deny("You can't log in");
  if (acts.includes("throw")) throw new Error("user_metadata is undefined");
};

exports.onExecuteCredentialsExchange = async (event, api) => {
  const acts = event.request.body.acts ?? "";
  if (acts.includes("claims")) api.accessToken.setCustomClaim("https://shop.example/scope", event.accessToken.scope);
  if (acts.includes("deny")) api.access.deny("invalid_scope", "The machine may not");
};
