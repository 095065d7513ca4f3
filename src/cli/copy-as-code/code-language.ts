import type { CodeRequest } from "./code-request.ts";
import {
  csharpLiteral,
  goLiteral,
  javaLiteral,
  javascriptLiteral,
  objcLiteral,
  phpLiteral,
  powershellLiteral,
  pythonLiteral,
  rubyLiteral,
  shellLiteral,
  swiftLiteral,
  type WriteLiteral,
} from "./write-literal.ts";

/** How one `--as-code` name is written. */
export interface CodeLanguage {
  /** httpsnippet-lite's names. */
  readonly target: string;
  readonly client: string;
  readonly comment: "#" | "//";
  readonly literal: WriteLiteral;
  /** Where a literal stands in what httpsnippet-lite writes. Default: in quotes of either kind. */
  readonly literalPattern?: RegExp;
  /** The body's expression, when the literal alone would be sent in another encoding than UTF-8. */
  readonly encodeBody?: (literal: string) => string;
  /**
   * Mends the program before any value is in it, so that it prints what was answered, whatever that is. `readsVariables`:
   * some value comes from the environment.
   */
  readonly mend?: (code: string, request: CodeRequest, readsVariables: boolean) => string;
  /** What stands after the name of a header without a value, where `NAME:` would mean "do not send it". */
  readonly endsEmptyHeader?: string;
  /** A header that the client lets nobody set. */
  readonly refusedHeader?: string;
}

export const CODE_LANGUAGES = {
  curl: {
    target: "shell",
    client: "curl",
    comment: "#",
    literal: shellLiteral,
    literalPattern: /'[^'\n]*gw-[a-z][^'\n]*'|[^\s']*gw-[a-z]\S*/g,
    endsEmptyHeader: ";",
    // --data reads a file where the body begins with @; --request HEAD waits for a body that never comes.
    mend: (code) => code.replace("--data ", "--data-raw ").replace(/^curl --request HEAD/, "curl --head"),
  },
  fetch: {
    target: "javascript",
    client: "fetch",
    comment: "//",
    literal: javascriptLiteral,
    mend: (code) => code.replace("response.json()", "response.text()"),
  },
  axios: {
    target: "javascript",
    client: "axios",
    comment: "//",
    literal: javascriptLiteral,
    // The error holds the request, token and all.
    mend: (code) => code.replace("console.error(error)", "console.error(error.response?.data ?? error.message)"),
  },
  python: {
    target: "python",
    client: "python3",
    comment: "#",
    literal: pythonLiteral,
    encodeBody: (literal) => `(${literal}).encode("utf-8")`,
    mend: importOs,
  },
  "python-requests": {
    target: "python",
    client: "requests",
    comment: "#",
    literal: pythonLiteral,
    encodeBody: (literal) => `(${literal}).encode("utf-8")`,
    mend: (code, request, readsVariables) =>
      importOs(code.replace("response.json()", "response.text"), request, readsVariables),
  },
  go: {
    target: "go",
    client: "native",
    comment: "//",
    literal: goLiteral,
    mend: (code, _, readsVariables) =>
      (readsVariables ? code.replace("import (\n", 'import (\n\t"os"\n') : code).replace("\tfmt.Println(res)\n", ""),
  },
  java: {
    target: "java",
    client: "nethttp",
    comment: "//",
    literal: javaLiteral,
    mend: javaProgram,
    refusedHeader: "host",
  },
  ruby: {
    target: "ruby",
    client: "native",
    comment: "#",
    literal: rubyLiteral,
    // `host` keeps the brackets of an IPv6 address.
    mend: (code) => code.replace("Net::HTTP.new(url.host,", "Net::HTTP.new(url.hostname,"),
  },
  php: {
    target: "php",
    client: "curl",
    comment: "//",
    literal: phpLiteral,
    endsEmptyHeader: ";",
    mend: (code) => code.replace('CURLOPT_CUSTOMREQUEST => "HEAD"', "CURLOPT_NOBODY => true"),
  },
  csharp: {
    target: "csharp",
    client: "httpclient",
    comment: "//",
    literal: csharpLiteral,
    mend: (code) =>
      `using System;\nusing System.Net.Http;\n${code
        // The constructor takes no parameters such as charset.
        .replace("new MediaTypeHeaderValue(", "MediaTypeHeaderValue.Parse(")
        // A refusal's body says why.
        .replace("    response.EnsureSuccessStatusCode();\n", "")}`,
  },
  swift: {
    target: "swift",
    client: "nsurlsession",
    comment: "//",
    literal: swiftLiteral,
    mend: (code) =>
      code
        .replace("    let httpResponse = response as? HTTPURLResponse\n", "")
        .replace("print(httpResponse)", 'print(String(data: data ?? Data(), encoding: .utf8) ?? "")'),
  },
  objc: {
    target: "objc",
    client: "nsurlsession",
    comment: "//",
    literal: objcLiteral,
    mend: objcProgram,
  },
  powershell: {
    target: "powershell",
    client: "webrequest",
    comment: "#",
    literal: powershellLiteral,
    encodeBody: (literal) => `([System.Text.Encoding]::UTF8.GetBytes(${literal}))`,
    mend: (code) => `${code}\n$response.Content`,
  },
} as const satisfies Readonly<Record<string, CodeLanguage>>;

export type CodeLanguageName = keyof typeof CODE_LANGUAGES;

export const CODE_LANGUAGE_NAMES = Object.keys(CODE_LANGUAGES) as readonly CodeLanguageName[];

function importOs(code: string, _: CodeRequest, readsVariables: boolean): string {
  return readsVariables ? `import os\n${code}` : code;
}

/** A whole program for `java FILE.java`. Over plain HTTP the client would ask every server to change to HTTP/2. */
function javaProgram(code: string, { url }: CodeRequest): string {
  const client = "HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()";
  const mended = url.protocol === "http:" ? code.replace("HttpClient.newHttpClient()", client) : code;
  const imports = [
    "java.net.URI",
    "java.net.http.HttpClient",
    "java.net.http.HttpRequest",
    "java.net.http.HttpResponse",
  ];
  return [
    ...imports.map((each) => `import ${each};`),
    "",
    "public class Call {",
    "  public static void main(String[] args) throws Exception {",
    mended.replace(/^(?=.)/gm, "    "),
    "  }",
    "}",
  ].join("\n");
}

/** A whole program, which waits for the answer. Literals lose their `@` here: each is written with it. */
function objcProgram(code: string): string {
  const [imports = "", ...rest] = code.split("\n\n");
  const request = rest.join("\n\n").replace(/NSURLSession \*session[\s\S]*$/, "");
  const sending = [
    "dispatch_semaphore_t answered = dispatch_semaphore_create(0);",
    "NSURLSessionDataTask *dataTask = [[NSURLSession sharedSession]",
    "    dataTaskWithRequest:request",
    "      completionHandler:^(NSData *data, NSURLResponse *response, NSError *error) {",
    "          if (error) {",
    '              NSLog(@"%@", error);',
    "          } else {",
    "              fwrite(data.bytes, 1, data.length, stdout);",
    "          }",
    "          dispatch_semaphore_signal(answered);",
    "      }];",
    "[dataTask resume];",
    "dispatch_semaphore_wait(answered, DISPATCH_TIME_FOREVER);",
  ];
  return [
    imports,
    "",
    "int main(void) {",
    "    @autoreleasepool {",
    `${request}${sending.join("\n")}`.replace(/^(?=.)/gm, "        "),
    "    }",
    "    return 0;",
    "}",
  ]
    .join("\n")
    .replaceAll(/@(?="[^"\n]*gw-[a-z])/g, "");
}
