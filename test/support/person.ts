/*
 * A person with a browser that runs no JavaScript: it keeps cookies, follows redirects, and the person presses a button.
 * Imports nothing, so that a process of its own can have one, too.
 */

export interface Person {
  /**
   * Opens a page of the issuer and answers where the application is called back, with what it is told. Where a login is
   * asked for, the person presses the button of this user.
   */
  visit(url: string | URL, userId?: string): Promise<URL>;
  /** Login pages seen so far. */
  readonly logins: number;
}

const MAX_HOPS = 10;

/** `callback` is where the application waits; the person follows redirects until there. */
export function openPerson(callback: string): Person {
  const jar = new Map<string, string>();
  let logins = 0;
  return {
    get logins() {
      return logins;
    },
    async visit(url, userId) {
      let next = new URL(url);
      let init: RequestInit = {};
      for (let hops = 0; hops < MAX_HOPS; hops++) {
        const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
        const answer = await fetch(next, { ...init, redirect: "manual", headers: { cookie } });
        for (const each of answer.headers.getSetCookie()) {
          const [name = "", value = ""] = (each.split(";", 1)[0] ?? "").split("=");
          if (/; Max-Age=0/i.test(each)) jar.delete(name);
          else jar.set(name, value);
        }
        const location = answer.headers.get("location");
        if (location !== null) {
          next = new URL(location, next);
          if (next.href.startsWith(callback)) return next;
          init = {};
          continue;
        }
        const page = await answer.text();
        const state = /name="state" value="([^"]+)"/.exec(page)?.[1];
        const action = /action="([^"]+)"/.exec(page)?.[1];
        const users = [...page.matchAll(/name="user" value="([^"]+)"/g)].map((found) => found[1]);
        const user = users.find((each) => userId === undefined || each === userId);
        if (!answer.ok || !state || !action || user === undefined) {
          throw new Error(`no way on from ${next.pathname} for ${userId}: ${answer.status} ${page}`);
        }
        logins++;
        next = new URL(action, next);
        init = { method: "POST", body: new URLSearchParams({ state, user }) };
      }
      throw new Error("too many redirects");
    },
  };
}
