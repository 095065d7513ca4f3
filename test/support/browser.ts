import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "./chromium.ts";

/*
 * Chromium as a person uses it: pages that load, buttons that are clicked. Driven over the DevTools protocol through a
 * pipe, so no library and no port is needed.
 */

/** Where `chromium` is undefined it cannot be opened. */
export interface Browser {
  /** A person's own browser: cookies and storage of nobody else. */
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  goto(url: string): Promise<void>;
  /** An expression, awaited in the page; what it throws is thrown here. */
  evaluate<Result>(expression: string): Promise<Result>;
  /** Until the expression is true of the page, whichever page that then is. */
  until(expression: string, withinMs?: number): Promise<void>;
  /** Clicks as soon as there is such an element, with this text in it, that can be clicked. */
  click(selector: string, text?: string): Promise<void>;
  text(selector: string): Promise<string>;
  /** Forgets the cookies of every site, in this person's browser only. */
  clearCookies(): Promise<void>;
  /** Errors on the console and those that nobody caught. Answers of 4xx that a page asked for are no errors of the page. */
  readonly errors: readonly string[];
}

type Params = Readonly<Record<string, unknown>>;
// What the protocol answers is named where it is read.
// biome-ignore lint/suspicious/noExplicitAny: JSON of the protocol
type Answer = any;

const POLL_MS = 25;

export async function openBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "gatewarden-chromium-"));
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
  const child = spawn(chromium as string, [...flags, "--remote-debugging-pipe", `--user-data-dir=${profile}`], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const protocol = speak(child);
  return {
    async open(url) {
      const { browserContextId } = await protocol.send("Target.createBrowserContext");
      const { targetId } = await protocol.send("Target.createTarget", { url: "about:blank", browserContextId });
      const { sessionId } = await protocol.send("Target.attachToTarget", { targetId, flatten: true });
      return openTab(protocol, sessionId, browserContextId, url);
    },
    async close() {
      child.kill("SIGKILL");
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openTab(protocol: Protocol, sessionId: string, browserContextId: string, url: string): Promise<Tab> {
  const send = (method: string, params?: Params): Promise<Answer> => protocol.send(method, params, sessionId);
  const errors: string[] = [];
  protocol.listen(sessionId, (method, params) => {
    if (method === "Runtime.exceptionThrown") {
      const { exception, text } = params.exceptionDetails;
      errors.push(exception?.description ?? text);
    } else if (method === "Runtime.consoleAPICalled" && params.type === "error") {
      errors.push(params.args.map((each: Answer) => each.value ?? each.description).join(" "));
    } else if (method === "Log.entryAdded" && params.entry.level === "error") {
      const { source, text, url: at } = params.entry;
      if (source !== "network" || !/status of 4\d\d/.test(text)) errors.push(`${source}: ${text} ${at ?? ""}`);
    }
  });
  await Promise.all([send("Page.enable"), send("Runtime.enable"), send("Log.enable")]);
  const evaluate = async <Result>(expression: string): Promise<Result> => {
    const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", params);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  const until = async (expression: string, withinMs = 30_000): Promise<void> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      // While one page gives way to the next there is none to ask.
      if (await evaluate<boolean>(`Boolean(${expression})`).catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`never true: ${expression}. ${await describePage()}`);
      await sleep(POLL_MS);
    }
  };
  const describePage = (): Promise<string> =>
    evaluate<string>("location.href + ' shows: ' + document.body?.innerText.slice(0, 800)").catch(String);
  const element = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})`;
  const tab: Tab = {
    errors,
    evaluate,
    until,
    async goto(to) {
      const { errorText } = await send("Page.navigate", { url: to });
      if (errorText) throw new Error(`${to}: ${errorText}`);
      await until("document.readyState === 'complete'");
    },
    async click(selector, text = "") {
      const found = `[...document.querySelectorAll(${JSON.stringify(selector)})].find((each) =>
        each.checkVisibility() && !each.disabled && each.innerText.includes(${JSON.stringify(text)}))`;
      await until(found);
      await evaluate(`${found}.click()`);
    },
    text: (selector) => evaluate(`${element(selector)}.innerText`),
    clearCookies: () => protocol.send("Storage.clearCookies", { browserContextId }),
  };
  await tab.goto(url);
  return tab;
}

interface Protocol {
  send(method: string, params?: Params, sessionId?: string): Promise<Answer>;
  listen(sessionId: string, listener: (method: string, params: Answer) => void): void;
}

/** JSON messages, each ended by a NUL: out by descriptor 3, in by descriptor 4. */
function speak(child: ChildProcess): Protocol {
  const [, , , out, into] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, (method: string, params: Answer) => void>();
  const receive = (text: string): void => {
    const { id, error, result, method, params, sessionId } = JSON.parse(text);
    if (id === undefined) listeners.get(sessionId)?.(method, params);
    else if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  };
  let rest = Buffer.alloc(0);
  into.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const text = rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
      receive(text);
    }
  });
  out.on("error", () => {}); // The browser has ended; those who wait are told below.
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new Error("the browser has ended"));
  });
  let count = 0;
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++count;
        waiting.set(id, { resolve, reject });
        out.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
      }),
    listen: (sessionId, listener) => void listeners.set(sessionId, listener),
  };
}
