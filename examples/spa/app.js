/**
 * The life of tokens in a browser app, with @auth0/auth0-spa-js and nothing else: log in, call two APIs, renew silently,
 * log out. What it talks to is in auth_config.json.
 */
import { createAuth0Client } from "@auth0/auth0-spa-js";

const config = await (await fetch("auth_config.json")).json();
// A real tenant's domain is a bare name, as in Auth0's quick starts: tenant.eu.auth0.com.
const issuer = /^https?:/.test(config.domain) ? config.domain : `https://${config.domain}`;

/** All that the app may do with the PetStore. How much of it a user gets is up to the user's roles. */
const PETS_SCOPES = "read:pets create:pets";
const usesRefreshTokens = localStorage.getItem("renewal") === "refresh token";

const auth0 = await createAuth0Client({
  domain: config.domain,
  clientId: config.clientId,
  useRefreshTokens: usesRefreshTokens,
  // After a reload no refresh token is left in memory, and none is for a second audience: the login's cookie helps out.
  useRefreshTokensFallback: true,
  // The SDK's own worker is a blob, which a strict Content-Security-Policy does not allow: this is the same as a file.
  workerUrl: "auth0-spa-js.worker.production.js",
  authorizationParams: {
    redirect_uri: window.location.origin,
    audience: config.audience, // without one the token is good for /userinfo only
    scope: "openid profile email",
  },
}).catch((error) => {
  tell("error", explain(error));
  throw error;
});

byId("login").addEventListener("click", () =>
  auth0.loginWithRedirect({ authorizationParams: { scope: `openid profile email ${PETS_SCOPES}` } }),
);
byId("logout").addEventListener("click", () => auth0.logout({ logoutParams: { returnTo: window.location.origin } }));

/** Back from the login: the code in the address becomes tokens, once. */
const query = new URLSearchParams(window.location.search);
if (query.has("state") && (query.has("code") || query.has("error"))) {
  await auth0.handleRedirectCallback().catch((error) => tell("error", explain(error)));
  window.history.replaceState({}, "", window.location.pathname);
}

await showUser();

async function showUser() {
  const user = await auth0.getUser();
  tell("state", user === undefined ? "Nobody is logged in." : `Logged in as ${user.name}.`);
  byId("login").hidden = user !== undefined;
  byId("logout").hidden = user === undefined;
  byId("user").hidden = user === undefined;
  if (user === undefined) return;
  tell("name", user.name);
  tell("email", user.email ?? "");
  tell("sub", user.sub);
  tell("claims", JSON.stringify(await auth0.getIdTokenClaims(), undefined, 2));
}

/** A new token although the old one is still good: by an iframe with the login's cookie, or by refresh token. */
byId("renew").addEventListener("click", async () => {
  try {
    const renewed = await auth0.getTokenSilently({
      cacheMode: "off",
      detailedResponse: true,
      authorizationParams: { audience: config.audience, scope: PETS_SCOPES },
    });
    const until = new Date(Date.now() + renewed.expires_in * 1000).toLocaleString();
    tell("renewed", `A new token until ${until}, for ${renewed.scope}`);
  } catch (error) {
    tell("error", explain(error));
    await showUser(); // after login_required the SDK has forgotten the user, too
  }
});

byId("by-refresh-token").checked = usesRefreshTokens;
byId("by-refresh-token").addEventListener("change", ({ target }) => {
  localStorage.setItem("renewal", target.checked ? "refresh token" : "cookie");
  window.location.reload();
});

/** A call without an audience goes out without a token. */
const calls = [
  {
    id: "read",
    title: "The pets, for those who may read",
    url: `${config.petsUrl}/pets`,
    audience: config.audience,
    scope: "read:pets",
  },
  {
    id: "sell",
    title: "A bird for the shop, from those who may sell",
    url: `${config.petsUrl}/pets`,
    json: { type: "bird", price: 12.5 },
    audience: config.audience,
    scope: "create:pets",
  },
  { id: "read-without-token", title: "The pets, without a token", url: `${config.petsUrl}/pets` },
  {
    id: "test",
    title: "The HTTP API, which is another audience",
    url: `${config.testUrl}/test`,
    audience: config.testAudience,
  },
  { id: "test-without-token", title: "The HTTP API, without a token", url: `${config.testUrl}/test` },
  {
    id: "userinfo",
    title: "The issuer's own API, which says who logged in",
    url: new URL("/userinfo", issuer).href,
    audience: config.audience,
    scope: "openid",
  },
];

/** Sends one call; the SDK has its token in memory, or renews it without a word to the user. */
async function send({ url, json, audience, scope }) {
  const token =
    audience === undefined
      ? undefined
      : await auth0.getTokenSilently({
          authorizationParams: { audience, ...(scope && { scope }) },
          detailedResponse: true,
        });
  const response = await fetch(url, {
    method: json ? "POST" : "GET",
    headers: {
      ...(token && { authorization: `Bearer ${token.access_token}` }),
      ...(json && { "content-type": "application/json" }),
    },
    ...(json && { body: JSON.stringify(json) }),
  });
  return { response, granted: token?.scope?.split(" ") };
}

/** Of another origin's headers a page reads only those that the API's Access-Control-Expose-Headers names. */
const TELLING_HEADERS = ["x-amzn-errortype", "www-authenticate", "x-amzn-requestid", "apigw-requestid"];

async function showAnswer(article, call) {
  const shown = { status: "No answer", isGood: false, reason: "", body: "", facts: [] };
  try {
    const { response, granted } = await send(call);
    const { headers, ok, status } = response;
    const facts = TELLING_HEADERS.map((name) => [name, headers.get(name)]).filter(([, value]) => value !== null);
    const requestId = headers.get("x-amzn-requestid") ?? headers.get("apigw-requestid");
    if (granted) facts.push(["the token's scope", granted.join(" ")]);
    if (!ok && requestId !== null) facts.push(["why, in full", `npx gatewarden explain ${requestId}`]);
    Object.assign(shown, { status, isGood: ok, reason: reasonOf(status, call, granted), facts });
    shown.body = await response.text();
  } catch (error) {
    shown.reason =
      error instanceof TypeError
        ? "The browser lets the page read nothing: the server is not there, or allows no page of this origin (CORS)."
        : explain(error);
  }
  const answer = article.querySelector(".answer");
  answer.dataset.good = shown.isGood;
  answer.dataset.status = shown.status;
  answer.querySelector(".status").textContent = shown.status;
  answer.querySelector(".reason").textContent = shown.reason;
  answer.querySelector(".body").textContent = shown.body;
  answer.querySelector("dl").replaceChildren(...shown.facts.flatMap(([name, value]) => [dt(name), dd(value)]));
  answer.hidden = false;
}

/** What the page itself can know of a refusal; the gateway knows exactly. */
function reasonOf(status, { audience, scope = "" }, granted = []) {
  if (status === 401 && audience === undefined) return "No token was sent.";
  if (status === 401) return `The token was refused: is it of this issuer, for ${audience}, and not expired?`;
  if (status === 403 && scope !== "" && !granted.includes(scope))
    return `The token lacks ${scope}. The app asked for it; the user's roles do not permit it.`;
  return "";
}

/** An error of the SDK: the issuer's code and words, and what they mean where they mislead. */
function explain(error) {
  const text = `${error.error ?? error.name}: ${error.error_description ?? error.message}`;
  const here = window.location.hostname;
  const there = new URL(issuer).hostname;
  if (error.error !== "login_required" || here === there) return text;
  return `${text}. The page is at ${here} and the issuer at ${there}: where these are two sites, the browser keeps the login's cookie from the iframe. Open the app at ${there}, or renew by refresh token.`;
}

for (const call of calls) {
  const article = byId("call").content.cloneNode(true).firstElementChild;
  article.id = call.id;
  article.querySelector("h3").textContent = call.title;
  article.querySelector(".request").textContent = `${call.json ? "POST" : "GET"} ${call.url}`;
  const button = article.querySelector("button");
  button.addEventListener("click", async () => {
    button.disabled = true;
    await showAnswer(article, call);
    button.disabled = false;
  });
  byId("calls").append(article);
}
byId("all").addEventListener("click", () => {
  for (const button of document.querySelectorAll("article button")) button.click();
});
document.documentElement.dataset.ready = "true";

function byId(id) {
  return document.getElementById(id);
}

function tell(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = false;
}

function dt(text) {
  return Object.assign(document.createElement("dt"), { textContent: text });
}

function dd(text) {
  return Object.assign(document.createElement("dd"), { textContent: text });
}
