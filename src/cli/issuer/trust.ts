import { openLocalCa } from "../../issuer/tls/local-ca.ts";
import { dataDirOf, issuerUrlsOf, openProjectState } from "./open-project-tenant.ts";
import { shellQuoted } from "./token-curl.ts";
import type { Verb } from "./verb.ts";

export const trust: Verb = {
  usage: "trust",
  summary: "how to make Node, Python, curl, Java, browsers and others trust the issuer's https address",
  flags: [],
  positionals: [0, 0],
  async run(call) {
    const file = (await openLocalCa(openProjectState(call))).certificateFile;
    const ways = waysToTrust(
      shellQuoted(file),
      issuerUrlsOf(dataDirOf(call)).find((url) => url.startsWith("https:")) ?? "",
    );
    if (call.args.boolean("json")) call.io.out(`${JSON.stringify({ ca: file, trust: ways }, null, 2)}\n`);
    else {
      call.io.out(
        `The certificate authority of this project's issuer, for localhost and *.localhost only:\n${file}\n\n`,
      );
      for (const { tool, how, note } of ways) call.io.out(`# ${tool}${note ? ` (${note})` : ""}\n${how}\n\n`);
      call.io.out("Trust it where you develop, nowhere else. Its key stays in the data folder.\n");
    }
    return 0;
  },
};

interface Way {
  readonly tool: string;
  readonly how: string;
  readonly note?: string;
}

/** For one command or one shell first; what changes the whole machine last. */
function waysToTrust(file: string, issuerUrl: string): readonly Way[] {
  return [
    { tool: "Node", how: `export NODE_EXTRA_CA_CERTS=${file}`, note: "read at its start" },
    { tool: "Bun, Deno", how: `export NODE_EXTRA_CA_CERTS=${file} DENO_CERT=${file}` },
    {
      tool: "Python",
      how: `export SSL_CERT_FILE=${file} REQUESTS_CA_BUNDLE=${file}`,
      note: "the ssl module and httpx, then requests; it replaces the public authorities in that shell",
    },
    { tool: "curl", how: `curl --cacert ${file} ${issuerUrl}.well-known/openid-configuration` },
    { tool: "Go", how: `export SSL_CERT_FILE=${file}`, note: "Linux; on macOS use the keychain below" },
    { tool: "Ruby", how: `export SSL_CERT_FILE=${file}` },
    { tool: "PHP", how: `php -d openssl.cafile=${file} -d curl.cainfo=${file} app.php` },
    {
      tool: "Java",
      how: `keytool -importcert -noprompt -alias gatewarden -file ${file} -keystore gatewarden.p12 -storetype PKCS12 -storepass changeit\njava -Djavax.net.ssl.trustStore=gatewarden.p12 -Djavax.net.ssl.trustStorePassword=changeit …`,
      note: "a trust store of its own: the public authorities are not in it",
    },
    { tool: "AWS CLI and SDKs", how: `export AWS_CA_BUNDLE=${file}` },
    { tool: "git, wget", how: `git -c http.sslCAInfo=${file} …; wget --ca-certificate=${file} …` },
    {
      tool: "Debian, Ubuntu, .NET on Linux",
      how: `sudo cp ${file} /usr/local/share/ca-certificates/gatewarden.crt && sudo update-ca-certificates`,
      note: "the whole machine",
    },
    {
      tool: "Fedora, RHEL",
      how: `sudo cp ${file} /etc/pki/ca-trust/source/anchors/gatewarden.pem && sudo update-ca-trust`,
      note: "the whole machine",
    },
    {
      tool: "macOS",
      how: `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${file}`,
      note: "Safari, Chrome, Go, .NET of this user",
    },
    { tool: "Windows", how: `certutil -user -addstore Root ${file}`, note: "Edge, Chrome, .NET of this user" },
    {
      tool: "Chromium on Linux",
      how: `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n gatewarden -i ${file}`,
      note: "package libnss3-tools",
    },
    {
      tool: "Firefox",
      how: `certutil -d sql:PROFILE -A -t C,, -n gatewarden -i ${file}`,
      note: "PROFILE: about:profiles; browsers need no TLS for http://localhost",
    },
  ];
}
