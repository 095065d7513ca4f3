import { createHash, randomBytes } from "node:crypto";
import { type IssuerAnswer, NO_STORE } from "../issuer-request.ts";

/** HTML that is safe to send: made by the `html` tag only, which escapes every value that is not HTML itself. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | false | undefined | readonly Part[];

/** Builds HTML; values are escaped for text and for quoted attributes alike, lists are joined, `false` is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(render)));
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return String(part).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON as a part of a script: no `</script>` ends it, and no line separator of old engines. */
export function scriptJson(value: unknown): Html {
  const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escape));
}

const STYLE = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1d2330; background: #f3f4f7; }
.banner { padding: .5rem 1rem; text-align: center; background: #ffd54a; font-weight: 600; }
main { max-width: 26rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #d9dce3; border-radius: .5rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.3rem; }
button { display: block; box-sizing: border-box; width: 100%; margin: .5rem 0; padding: .6rem 1rem; font: inherit; text-align: left; background: #fff; border: 1px solid #8a90a0; border-radius: .35rem; cursor: pointer; }
button:hover, button:focus { border-color: #2a4fd0; outline: 2px solid #c5d0f7; }
button.first { border-color: #2a4fd0; }
label { display: block; margin: .75rem 0; }
input { display: block; box-sizing: border-box; width: 100%; padding: .5rem; font: inherit; border: 1px solid #8a90a0; border-radius: .35rem; }
small { color: #565d6d; }
.error { padding: .5rem .75rem; background: #fde7e7; border-left: 4px solid #c62828; }
code { font-size: .9em; }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export const BANNER = "Development issuer: for this machine only, not Auth0, not for production.";

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Runs where scripts run; the page must do without it too. */
  readonly script?: Html;
  /** The one origin that may show the page in a frame. By default none may. */
  readonly framedBy?: string;
  readonly headers?: readonly string[];
}

/** A page that works without JavaScript, keeps to itself and is never cached. */
export function pageAnswer(status: number, { title, body, script, framedBy, headers = [] }: Page): IssuerAnswer {
  const nonce = randomBytes(16).toString("base64");
  // No form-action: browsers hold it against every redirect that follows a form, and where the application's callback
  // leads is its own affair. Nothing of a request gets into a page unescaped, so no foreign form can be in it.
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    ...(script ? [`script-src 'nonce-${nonce}'`] : []),
    "base-uri 'none'",
    `frame-ancestors ${framedBy ?? "'none'"}`,
  ].join("; ");
  const document = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><div class="banner">${BANNER}</div><main>${body}</main>${script && html`<script nonce="${nonce}">${script}</script>`}</body>
</html>
`;
  return {
    status,
    headers: [
      ...["content-type", "text/html; charset=utf-8", ...NO_STORE, "content-security-policy", policy],
      // Not no-referrer: a form's Origin would then be "null".
      ...["referrer-policy", "same-origin"],
      ...(framedBy === undefined ? ["x-frame-options", "DENY"] : []),
      ...headers,
    ],
    body: document.text,
  };
}

export function redirectAnswer(location: string, headers: readonly string[] = []): IssuerAnswer {
  return { status: 302, headers: ["location", location, ...NO_STORE, ...headers], body: "" };
}
