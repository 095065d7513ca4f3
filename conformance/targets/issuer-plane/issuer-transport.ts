import { Agent, request } from "node:http";
import type { Issuer } from "../../../src/issuer/issuer.ts";
import type { IssuerAnswer } from "../../../src/issuer/issuer-request.ts";
import { listen } from "../../../src/server/http-listener/listen.ts";
import type { BrowserRequest } from "./vector-browser.ts";

/** How a vector's questions get to its issuer. */
export interface IssuerTransport {
  readonly issuerUrl: string;
  send(issuer: Issuer, request: BrowserRequest): Promise<IssuerAnswer>;
  close(): Promise<void>;
}

export const IN_PROCESS: IssuerTransport = {
  issuerUrl: "http://localhost:4567/",
  send: (issuer, { method, target, headers = [], body = "" }) =>
    issuer.handle({ method, target, headers, body: Buffer.from(body) }),
  close: async () => {},
};

/** The product's own listener, over a real socket; vectors run one after the other, each with its own issuer behind it. */
export async function openIssuerSockets(): Promise<IssuerTransport> {
  let answering: Issuer | undefined;
  const errors: unknown[] = [];
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onError: (error) => errors.push(error),
    handler: (incoming) => (answering as Issuer).handle(incoming), // set before each request
  });
  const agent = new Agent({ keepAlive: true });
  return {
    issuerUrl: `http://localhost:${listener.port}/`,
    async send(issuer, sent) {
      answering = issuer;
      const answer = await sendOver(agent, listener.port, sent);
      const [error] = errors.splice(0);
      if (error !== undefined) throw error;
      return answer;
    },
    close: async () => {
      agent.destroy();
      await listener.stop();
    },
  };
}

function sendOver(agent: Agent, port: number, sent: BrowserRequest): Promise<IssuerAnswer> {
  const { method, target, headers = [], body = "" } = sent;
  const length = body === "" ? [] : ["Content-Length", String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, host: "127.0.0.1", port, method, path: target, headers: [...headers, ...length] },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, body: Buffer.concat(chunks) }),
        );
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
