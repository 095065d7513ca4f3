import type { IssuerAnswer } from "../../../src/issuer/issuer-request.ts";

/** Asks the issuer as a browser without JavaScript would: keeps its cookies, follows its redirects, sends its forms. */
export interface VectorBrowser {
  request(request: BrowserRequest): Promise<IssuerAnswer>;
  /** Goes to `target`, logs in as the user and consents where asked; ends at what leads away from the issuer. */
  visit(
    target: string,
    visitor: Visitor,
  ): Promise<{ readonly answer: IssuerAnswer; readonly pages: readonly string[] }>;
}

export interface BrowserRequest {
  readonly method: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export interface Visitor {
  /** Email and password of who logs in; without one, the first page is the end. */
  readonly user?: { readonly email: string; readonly name: string; readonly password: string };
  readonly consent: "allow" | "deny";
}

/** A page with a form, as read from its HTML. */
export interface PageForm {
  readonly action: string;
  readonly method: string;
  readonly html: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly buttons: readonly { readonly name: string; readonly value: string; readonly text: string }[];
}

const MAX_STEPS = 8;

export function openBrowser(
  issuerUrl: string,
  send: (request: BrowserRequest) => Promise<IssuerAnswer>,
): VectorBrowser {
  const cookies = new Map<string, string>();
  const { host, origin } = new URL(issuerUrl);

  async function request({ method, target, headers = [], body = "" }: BrowserRequest): Promise<IssuerAnswer> {
    const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = [...(hasHost ? [] : ["Host", host]), ...(cookie === "" ? [] : ["Cookie", cookie]), ...headers];
    const answer = await send({ method, target, headers: sent, body });
    for (const line of valuesOf(answer, "set-cookie")) keepCookie(cookies, line);
    return answer;
  }

  return {
    request,
    async visit(target, { user, consent }) {
      const pages: string[] = [];
      let answer = await request({ method: "GET", target });
      for (let step = 0; step < MAX_STEPS; step++) {
        const location = valuesOf(answer, "location")[0];
        if (location !== undefined) {
          const next = new URL(location, issuerUrl);
          if (next.origin !== origin) return { answer, pages };
          answer = await request({ method: "GET", target: `${next.pathname}${next.search}` });
          continue;
        }
        const forms = answer.status === 200 ? formsOf(String(answer.body)) : [];
        const form = forms.find(({ action }) => new URL(action || target, issuerUrl).origin === origin);
        if (form === undefined || user === undefined) return { answer, pages };
        const isConsent = forms.some(({ buttons }) => buttons.some(isDecision));
        pages.push(isConsent ? "consent" : "login");
        const filled = isConsent ? decide(forms, consent) : logIn(forms, user);
        if (filled === undefined) throw new Error(`the ${pages.at(-1)} page offers nothing for ${user.email}`);
        const to = new URL(filled.form.action || target, issuerUrl);
        answer = await request({
          method: filled.form.method,
          target: `${to.pathname}${to.search}`,
          headers: ["Content-Type", "application/x-www-form-urlencoded", "Origin", origin],
          body: String(new URLSearchParams(filled.fields)),
        });
      }
      throw new Error(`${MAX_STEPS} pages and redirects, and still at the issuer: ${pages.join(", ")}`);
    },
  };
}

interface FilledForm {
  readonly form: PageForm;
  readonly fields: Record<string, string>;
}

type PageButton = PageForm["buttons"][number];

/** A button with the user's name or address, or a form for a password. */
function logIn(forms: readonly PageForm[], user: NonNullable<Visitor["user"]>): FilledForm | undefined {
  for (const form of forms) {
    const passwordField = Object.keys(form.fields).find((name) => name.includes("password"));
    const nameField = Object.keys(form.fields).find((name) => /user|email/.test(name));
    if (passwordField !== undefined && nameField !== undefined) {
      return { form, fields: { ...form.fields, [nameField]: user.email, [passwordField]: user.password } };
    }
    const button = form.buttons.find(({ text }) => text.includes(user.email)) ?? form.buttons.find(isOf(user.name));
    if (button !== undefined) return { form, fields: pressed(form, button) };
  }
  return undefined;
}

function isOf(name: string): (button: PageButton) => boolean {
  return ({ text }) => text.trim() === name || text.trim().startsWith(`${name} `);
}

function decide(forms: readonly PageForm[], consent: "allow" | "deny"): FilledForm | undefined {
  const wanted = consent === "allow" ? /allow|accept|agree/i : /deny|decline|cancel|reject/i;
  for (const form of forms) {
    const button = form.buttons.find(({ value, text }) => wanted.test(value) || wanted.test(text));
    if (button !== undefined) return { form, fields: pressed(form, button) };
  }
  return undefined;
}

function isDecision({ value, text }: PageButton): boolean {
  return /^(?:allow|accept|deny|decline)$/i.test(value) || /^(?:allow|accept|deny|decline)$/i.test(text.trim());
}

function pressed(form: PageForm, { name, value }: PageButton): Record<string, string> {
  return { ...form.fields, ...(name !== "" && { [name]: value }) };
}

/** The forms of a page as the issuer writes them; no parser for HTML at large. */
export function formsOf(html: string): readonly PageForm[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, open = "", inside = ""]) => {
    const form = attributesOf(open);
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/gi)].map(([, text = ""]) => attributesOf(text));
    const buttons = [...inside.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gis)];
    return {
      action: form.action ?? "",
      method: (form.method ?? "get").toUpperCase(),
      html: inside,
      fields: Object.fromEntries(
        inputs.filter(({ name }) => name !== undefined).map(({ name, value = "" }) => [name, value]),
      ),
      buttons: buttons.map(([, text = "", content = ""]) => {
        const { name = "", value = "" } = attributesOf(text);
        return { name, value, text: unescapeHtml(content.replace(/<[^>]*>/g, " ")) };
      }),
    };
  });
}

function attributesOf(tag: string): Record<string, string> {
  const found = [...tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)];
  return Object.fromEntries(found.map(([, name = "", value = ""]) => [name.toLowerCase(), unescapeHtml(value)]));
}

function unescapeHtml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name?: string) =>
    code === undefined ? (named[name ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";").map((each) => each.trim());
  const name = pair.slice(0, pair.indexOf("="));
  const isEnded = attributes.some((each) => /^max-age=(?:0|-\d+)$/i.test(each) || /^expires=.*1970/i.test(each));
  if (isEnded) cookies.delete(name);
  else cookies.set(name, pair.slice(pair.indexOf("=") + 1));
}

export function valuesOf({ headers }: IssuerAnswer, name: string): readonly string[] {
  return headers.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name);
}
