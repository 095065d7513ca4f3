import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CODE_LANGUAGE_NAMES, type CodeLanguageName } from "./code-language.ts";
import type { CodeRequest } from "./code-request.ts";
import { writeCode } from "./write-code.ts";

interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const folder = mkdtempSync(join(tmpdir(), "gatewarden-code-"));
const received: Received[] = [];
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    received.push({ method, target: url, headers, body: Buffer.concat(chunks).toString("utf8") });
    // Named for HEAD too, whose answer has no body: a client must not wait for one.
    response.setHeader("content-length", 17).end('{"answered":true}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** How a program is run as it is; the others have no interpreter on the machines at hand. */
const RUNNERS = {
  curl: ["bash", "call.sh"],
  fetch: [process.execPath, "call.mjs"],
  python: ["python3", "call.py"],
  java: ["java", "Call.java"],
} as const satisfies Partial<Record<CodeLanguageName, readonly [string, string]>>;

type Run = keyof typeof RUNNERS;

async function isMissing(command: string): Promise<string | undefined> {
  const flag = command === "java" ? "-version" : "--version";
  return new Promise((resolve) => execFile(command, [flag], (error) => resolve(error ? String(error) : undefined)));
}
const missing = new Map<string, string | undefined>();
for (const [command] of Object.values(RUNNERS)) missing.set(command, await isMissing(command));

/** Runs a program verbatim; answers what the server was sent and what the program printed. */
async function run(language: Run, code: string, env: NodeJS.ProcessEnv = {}) {
  const [command, fileName] = RUNNERS[language];
  writeFileSync(join(folder, fileName), code);
  const before = received.length;
  const stdout = await new Promise<string>((resolve, reject) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env }, timeout: 60_000 };
    execFile(command, [fileName], options, (error, out, stderr) =>
      error ? reject(new Error(`${stderr}\n${code}`)) : resolve(out),
    );
  });
  return { stdout, requests: received.slice(before), code };
}

const HOSTILE = [
  `it's "quoted" \\ back\\\\slash \`tick\` $HOME \${HOME} $(id) %PATH% #{x} #$x #@x !! !x {brace} [x] \\u0041 \\n`,
  "two\nlines\r\nand\ttab and \u000b\u0008\u000c\u007f\u0001",
  "Grüße 日本 😀 \u2028\u2029\u0085\ufeff\u202e “smart” ‘quotes’",
  "@file",
  "'",
  '"',
  "\\",
  "gw-value0 gw-body3 gw-path0",
  "${process.env.HOME} \\(x) {$x} ?><?php ''' \"\"\" */ // -- ;",
];

const hostileRequest = (body: string, method = "POST"): CodeRequest => ({
  method,
  url: new URL(`${origin}/pets/it's/$HOME/\`id\`?q=a b&b="x"&c='$(id)'&d={1,2}|[3-5]^%zz%41!!&ü=日本&gw-path0=\\`),
  headers: [
    { name: "Content-Type", value: ['application/x-pets; charset="utf-8"; it\'s=$HOME'] },
    { name: "X-Hostile", value: [`it's "q" \\ \`id\` $HOME \${HOME} $(id) %PATH% #{x} !! {a,b} gw-value0; 'x'`] },
    { name: "x-$HOME`id`'", value: ["named"] },
    { name: "X-Empty", value: [""] },
    { name: "X-At", value: ["@file"] },
  ],
  body: [body],
});
/** As every one of them must arrive: RFC 3986 characters only. */
const HOSTILE_TARGET =
  "/pets/it's/$HOME/%60id%60?q=a%20b&b=%22x%22&c=%27$(id)%27&d=%7B1,2%7D%7C%5B3-5%5D%5E%25zz%41!!&%C3%BC=%E6%97%A5%E6%9C%AC&gw-path0=%5C";

describe.each(Object.keys(RUNNERS) as Run[])("%s, run as it is printed,", (language) => {
  const [command] = RUNNERS[language];
  const reason = missing.get(command);
  if (reason !== undefined) console.info(`${language} code is not run here: ${command} does not start (${reason})`);

  // A program of Java's takes a second, so that it gets them all in one.
  test.skipIf(reason !== undefined).each(language === "java" ? [HOSTILE.join("\n")] : HOSTILE)(
    "sends the method, path, query, headers and body %j",
    async (body) => {
      const { requests, stdout } = await run(language, await writeCode(hostileRequest(body), language));
      expect(requests).toHaveLength(1);
      expect(requests[0]).toMatchObject({ method: "POST", target: HOSTILE_TARGET, body });
      const { headers } = requests[0]!;
      expect(headers).toMatchObject({
        "content-type": 'application/x-pets; charset="utf-8"; it\'s=$HOME',
        "x-hostile": `it's "q" \\ \`id\` $HOME \${HOME} $(id) %PATH% #{x} !! {a,b} gw-value0; 'x'`,
        "x-$home`id`'": "named",
        "x-empty": "",
        "x-at": "@file",
      });
      expect(headers).not.toHaveProperty("upgrade");
      expect(headers).not.toHaveProperty("authorization");
      expect(stdout.trim()).toBe('{"answered":true}');
    },
    120_000,
  );

  test.skipIf(reason !== undefined)(
    "reads secrets from its environment, in headers and inside a body",
    async () => {
      const secret = "s3cr3t$'\"`_~";
      const request: CodeRequest = {
        method: "PUT",
        url: new URL(`${origin}/token`),
        headers: [
          { name: "authorization", value: ["Bearer ", { variable: "TOKEN" }] },
          { name: "X-Raw", value: [{ variable: "TOKEN" }] },
          { name: "X-Glued", value: ["a!", { variable: "TOKEN" }, "b$`'\"\\!${HOME}$(id)"] },
          { name: "Content-Type", value: ["text/plain"] },
        ],
        body: ['{"é!\n\'":"', { variable: "CLIENT_SECRET" }, '_$X"}\r'],
      };
      const code = await writeCode(request, language);
      const { requests } = await run(language, code, { TOKEN: "abc.def-123", CLIENT_SECRET: secret });
      expect(requests[0]).toMatchObject({
        method: "PUT",
        headers: {
          authorization: "Bearer abc.def-123",
          "x-raw": "abc.def-123",
          "x-glued": "a!abc.def-123b$`'\"\\!${HOME}$(id)",
        },
        body: `{"é!\n'":"${secret}_$X"}\r`,
      });
    },
    60_000,
  );

  test.skipIf(reason !== undefined)(
    "sends methods without a body",
    async () => {
      for (const method of ["GET", "HEAD", "PATCH"]) {
        const request = { method, url: new URL(`${origin}/${method}`), headers: [] };
        const { requests } = await run(language, await writeCode(request, language));
        expect(requests).toMatchObject([{ method, target: `/${method}`, body: "" }]);
      }
    },
    120_000,
  );
});

describe.each(CODE_LANGUAGE_NAMES)("%s", (language) => {
  const VARIABLES: Record<CodeLanguageName, string> = {
    curl: '"authorization: Bearer $TOKEN"',
    fetch: "`Bearer ${process.env.TOKEN}`",
    axios: "`Bearer ${process.env.TOKEN}`",
    python: '"Bearer " + os.environ["TOKEN"]',
    "python-requests": '"Bearer " + os.environ["TOKEN"]',
    go: '"Bearer " + os.Getenv("TOKEN")',
    java: '"Bearer " + System.getenv("TOKEN")',
    ruby: '"Bearer #{ENV["TOKEN"]}"',
    php: '"authorization: Bearer " . getenv("TOKEN")',
    csharp: '"Bearer " + Environment.GetEnvironmentVariable("TOKEN")',
    swift: '("Bearer " + (ProcessInfo.processInfo.environment["TOKEN"] ?? ""))',
    objc: '[@"Bearer " stringByAppendingString:(NSProcessInfo.processInfo.environment[@"TOKEN"] ?: @"")]',
    powershell: '"Bearer ${env:TOKEN}"',
  };

  test("reads the token from the environment", async () => {
    const request: CodeRequest = {
      method: "POST",
      url: new URL("https://api.example/pets"),
      headers: [
        { name: "authorization", value: ["Bearer ", { variable: "TOKEN" }] },
        { name: "content-type", value: ["application/json"] },
      ],
      body: ['{"a":1}'],
    };
    const code = await writeCode(request, language);
    expect(code).toContain(VARIABLES[language]);
    const withoutVariables = await writeCode({ ...request, headers: request.headers.slice(1) }, language);
    // An import that nothing uses is an error in Go.
    expect(withoutVariables).not.toMatch(/\bos\b/);
  });

  test("never turns certificate checks off, and leaves none of its marks", async () => {
    for (const url of ["https://api.example/pets?x=1", "https://127.0.0.1:4568/", "https://[::1]:4568/a"]) {
      const code = await writeCode({ ...hostileRequest("x"), url: new URL(url) }, language);
      expect(code).not.toMatch(
        /insecure|verify|VERIFYPEER|SkipCertificateCheck|ServerCertificate|rejectUnauthorized|-k\b/i,
      );
      expect(code.replaceAll("gw-value0;", "")).not.toMatch(/gw-[a-z]/);
    }
  });

  test("holds every hostile text in one literal that ends where it should", async () => {
    for (const body of HOSTILE) {
      const code = await writeCode(hostileRequest(body), language);
      // Control characters and line ends in a literal would end it, or be lost.
      if (language !== "curl") expect(code).not.toMatch(/[\r\u2028\u2029\u0085\ufeff\u202e]/);
      const harmless = await writeCode(hostileRequest("x"), language);
      if (language !== "curl") expect(code.split("\n")).toHaveLength(harmless.split("\n").length);
    }
  });
});

/** Their packages are not here, so they are parsed only. */
describe.each([
  ["axios", process.execPath, ["--check"], "parsed.mjs"],
  ["python-requests", "python3", ["-m", "py_compile"], "parsed.py"],
] as const)("%s", (language, command, args, fileName) => {
  test.skipIf(missing.get(command) !== undefined)("is a program whatever is in it", async () => {
    const header = { name: "X-Token", value: ["`$'\"\\", { variable: "TOKEN" }, "${x}'''{y}"] };
    for (const body of HOSTILE) {
      const request = hostileRequest(body);
      const code = await writeCode({ ...request, headers: [...request.headers, header] }, language);
      writeFileSync(join(folder, fileName), code);
      await new Promise<void>((resolve, reject) =>
        execFile(command, [...args, fileName], { cwd: folder }, (error) =>
          error ? reject(new Error(`${error.message}\n${code}`)) : resolve(),
        ),
      );
    }
  });
});

test("Objective-C is a whole program that waits, with control characters as bytes and every literal an object", async () => {
  const code = await writeCode(hostileRequest('a\u0001\r\u0085\u2028"\\%@?\n'), "objc");
  expect(code).toContain('[@"a\\001\\015\\302\\205\\u2028\\"\\\\%@?\\n" dataUsingEncoding:NSUTF8StringEncoding]');
  expect(code).toContain('@"X-Empty": @""');
  expect(code).toMatch(
    /^#import <Foundation\/Foundation\.h>\n\nint main\(void\) \{\n {4}@autoreleasepool \{\n {8}NSDict/,
  );
  expect(code).toMatch(/dispatch_semaphore_wait\(answered, DISPATCH_TIME_FOREVER\);\n {4}\}\n {4}return 0;\n\}$/);
  expect(code.replaceAll(/@"(?:[^"\\\n]|\\.)*"/g, "")).not.toMatch(/["\\]/);
});

describe("a request that clients would send otherwise is refused", () => {
  const url = new URL("http://127.0.0.1:1/");
  test.each<[string, Partial<CodeRequest>, RegExp]>([
    ["an unknown method", { method: "BREW" }, /method "BREW"/],
    ["a header value beyond ASCII", { headers: [{ name: "X-A", value: ["é"] }] }, /value of header X-A/],
    ["a line end in a header", { headers: [{ name: "X-A", value: ["a\r\nb: c"] }] }, /value of header X-A/],
    ["a header name with a space", { headers: [{ name: "X A", value: ["a"] }] }, /header name "X A"/],
    ["a length by hand", { headers: [{ name: "Content-Length", value: ["1"] }] }, /Content-Length/],
    ["a body with GET", { body: ["x"] }, /body with GET/],
    ["a NUL", { method: "POST", body: ["\0"] }, /NUL/],
    ["a hostile host", { url: new URL("http://a$b'c/") }, /host "a\$b'c"/],
    [
      "a header twice",
      {
        headers: [
          { name: "X-A", value: ["a"] },
          { name: "x-a", value: ["b"] },
        ],
      },
      /x-a twice/,
    ],
  ])("%s", async (_, request, message) => {
    for (const language of CODE_LANGUAGE_NAMES) {
      await expect(writeCode({ method: "GET", url, headers: [], ...request }, language)).rejects.toThrow(message);
    }
  });

  test("a Host header in Java, whose client lets nobody set it", async () => {
    const request = { method: "GET", url, headers: [{ name: "Host", value: ["a.example"] }] };
    await expect(writeCode(request, "java")).rejects.toThrow(/sets Host itself/);
    expect(await writeCode(request, "curl")).toContain("'Host: a.example'");
  });
});
