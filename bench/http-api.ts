/**
 * Requests per second of JWT-authorised routes over real sockets: proxied to a local HTTP backend, beside HAProxy's
 * `jwt_verify` doing the same checks; with an isolated handler, beside serverless-offline; and while tokens with unknown
 * kids take every second connection.
 */
import { execFileSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./load/free-ports.ts";
import { type BenchIssuer, startIssuer } from "./load/issuer.ts";
import type { LoadOrder, LoadReport } from "./load/load-order.ts";
import { CORES, type PinnedProcess, startPinned } from "./load/pinned-process.ts";
import { startServerlessOffline } from "./load/serverless-offline.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const AUDIENCE = "https://bench.example";
const CONNECTIONS = 8;
const COMPILING_MS = 8_000;
/** More than any gateway of ours remembers (MAX_REMEMBERED_TOKENS, twice): in turns, each is new when it comes again. */
const NEW_TOKENS = 4_000;
const HAPROXY = "haproxy";
/** Nobody listens there: for routes that go nowhere else. */
const NO_BACKEND = "http://127.0.0.1:9";

interface Sample extends LoadReport {
  readonly perSecond: number;
  /** Of the server process, its threads included, its children not. */
  readonly cpuPerRequestUs: number;
}

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-bench-"));
  const issuer = await startIssuer(AUDIENCE);
  const started: PinnedProcess[] = [];
  const start: typeof startPinned = (...given) => {
    const process = startPinned(...given);
    started.push(process);
    return process;
  };
  try {
    const generator = start(CORES.load, [join(import.meta.dirname, "load/generate-load.ts")]);
    const times = quick ? { warmUpMs: 300, durationMs: 500 } : { warmUpMs: 500, durationMs: 1500 };
    const ask: Ask = async ({ process, url }, authorizations, more = {}) => {
      const headers = { "User-Agent": "bench" };
      const order: LoadOrder = { url, headers, connections: CONNECTIONS, authorizations, ...times, ...more };
      const cpuBefore = process.cpuMs();
      generator.child.send(order);
      const report = await generator.next<LoadReport>();
      const perSecond = report.requests / report.seconds;
      const asked = perSecond * ((order.warmUpMs + order.durationMs) / 1000);
      return { ...report, perSecond, cpuPerRequestUs: ((process.cpuMs() - cpuBefore) * 1000) / asked };
    };
    const setting: Setting = { quick, folder, issuer, start, ask };
    return [...(await measureProxied(setting)), ...(await measureHandlers(setting)), ...(await measureFlood(setting))];
  } finally {
    await Promise.all(started.map((process) => process.stop()));
    issuer.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Server {
  readonly process: PinnedProcess;
  readonly url: string;
}

type Ask = (server: Server, authorizations: readonly string[], more?: Partial<LoadOrder>) => Promise<Sample>;

interface Setting {
  readonly quick: boolean;
  readonly folder: string;
  readonly issuer: BenchIssuer;
  readonly start: typeof startPinned;
  readonly ask: Ask;
}

async function startGateway(
  { start, issuer }: Setting,
  {
    isolation,
    cores,
    backend = NO_BACKEND,
    route,
  }: { isolation: string; cores: string; backend?: string; route: string },
): Promise<Server> {
  const process = start(cores, [
    join(import.meta.dirname, "servers/http-api-gateway.ts"),
    isolation,
    issuer.url,
    backend,
  ]);
  const { url } = await process.next<{ url: string }>();
  return { process, url: url + route };
}

async function measureProxied(setting: Setting): Promise<Figure[]> {
  const { quick, issuer, ask } = setting;
  const names = { seen: "JWT + HTTP proxy ÷ HAProxy jwt_verify, token seen", fresh: "the same, each token new" };
  const proxies = await startHaproxies(setting);
  if (proxies === undefined) {
    console.log(`  skipped: ${names.seen}: no haproxy here (Debian: apt-get install haproxy)`);
    return [];
  }
  const seen = [issuer.authorization(0)];
  // Signed before anything asks this process for its keys.
  const fresh = Array.from({ length: NEW_TOKENS }, (_, index) => issuer.authorization(index));
  const gateway = await startGateway(setting, {
    isolation: "worker",
    cores: CORES.server,
    backend: proxies.backendUrl,
    route: "/proxied",
  });
  const compiling = { warmUpMs: 0, durationMs: quick ? 1000 : COMPILING_MS };
  await ask(gateway, seen, compiling);
  await ask(gateway, fresh, compiling);
  const samples = await takeTurns<Sample>(
    [
      { name: "haproxy", measure: () => ask(proxies.jwt, seen) },
      { name: "seen", measure: () => ask(gateway, seen) },
      { name: "haproxy, new", measure: () => ask(proxies.jwt, fresh) },
      { name: "new", measure: () => ask(gateway, fresh) },
    ],
    quick ? 2 : 9,
  );
  await gateway.process.stop();
  await proxies.stop();
  const rates = (name: string): number[] => samplesOf(samples, name).map((each) => each.perSecond);
  const cpu = (name: string): number[] => samplesOf(samples, name).map((each) => each.cpuPerRequestUs);
  return [
    throughput("HAProxy jwt_verify + proxy, one core", samplesOf(samples, "haproxy")),
    throughput("JWT + HTTP proxy, token seen, one core", samplesOf(samples, "seen")),
    throughput("JWT + HTTP proxy, each token new, one core", samplesOf(samples, "new")),
    {
      name: "the same by CPU per request, token seen",
      unit: "×",
      spread: spreadOf(ratios(cpu("haproxy"), cpu("seen"))),
    },
    {
      name: "the same by CPU per request, each token new",
      unit: "×",
      spread: spreadOf(ratios(cpu("haproxy, new"), cpu("new"))),
    },
    { name: names.seen, unit: "×", spread: spreadOf(ratios(rates("seen"), rates("haproxy"))), must: { atLeast: 0.8 } },
    {
      name: names.fresh,
      unit: "×",
      spread: spreadOf(ratios(rates("new"), rates("haproxy, new"))),
      must: { atLeast: 0.45 },
    },
  ];
}

interface Haproxies {
  readonly jwt: Server;
  readonly backendUrl: string;
  stop(): Promise<unknown>;
}

/** One HAProxy that verifies and proxies, on a core of its own, and one behind it that answers; undefined without it. */
async function startHaproxies({ folder, issuer, start, ask }: Setting): Promise<Haproxies | undefined> {
  try {
    execFileSync(HAPROXY, ["-v"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const [jwtPort = 0, backendPort = 0] = await freePorts(2);
  const key = join(folder, "key.pem");
  const publicKey = createPublicKey({ key: issuer.publicJwk, format: "jwk" });
  writeFileSync(key, publicKey.export({ type: "spki", format: "pem" }));
  const common = `
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
`;
  const backend = join(folder, "backend.cfg");
  writeFileSync(
    backend,
    `${common}
frontend answer
  bind 127.0.0.1:${backendPort}
  http-request return status 200 content-type application/json string '{"message":"hello"}'
`,
  );
  const jwt = join(folder, "jwt.cfg");
  writeFileSync(
    jwt,
    `${common}
frontend jwt
  bind 127.0.0.1:${jwtPort}
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.iss') -m str ${issuer.url} }
  http-request deny deny_status 401 unless { var(txn.token),jwt_payload_query('$.aud') -m str ${AUDIENCE} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${key}") 1 }
  default_backend hello
backend hello
  http-reuse always
  server hello 127.0.0.1:${backendPort}
`,
  );
  const answering = start(CORES.backend, ["-db", "-f", backend], { program: HAPROXY });
  const verifying = start(CORES.server, ["-db", "-f", jwt], { program: HAPROXY });
  const jwtUrl = `http://127.0.0.1:${jwtPort}/proxied`;
  const backendUrl = `http://127.0.0.1:${backendPort}`;
  await answers(jwtUrl);
  await answers(backendUrl);
  if ((await fetch(jwtUrl)).status !== 401) throw new Error("HAProxy lets in who has no token");
  const server: Server = { process: verifying, url: jwtUrl };
  await ask(server, [issuer.authorization(0)], { warmUpMs: 0, durationMs: 200 });
  return { jwt: server, backendUrl, stop: () => Promise.all([verifying.stop(), answering.stop()]) };
}

/** Waits until something answers, whatever it says. */
async function answers(url: string): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function measureHandlers(setting: Setting): Promise<Figure[]> {
  const { quick, issuer, ask, start } = setting;
  const cores = CORES.servers;
  const workers = await startGateway(setting, { isolation: "worker", cores, route: "/hello" });
  const processes = await startGateway(setting, { isolation: "process", cores, route: "/hello" });
  const offline = await startServerlessOffline(start, issuer.url);
  const seen = [issuer.authorization(0)];
  const compiling = { warmUpMs: 0, durationMs: quick ? 1000 : COMPILING_MS };
  const peer: Server = { process: offline.process, url: `${offline.origin}/hello` };
  const servers = { workers, processes, offline: peer };
  for (const server of Object.values(servers)) await ask(server, seen, compiling);
  const samples = await takeTurns<Sample>(
    Object.entries(servers).map(([name, server]) => ({ name, measure: () => ask(server, seen) })),
    quick ? 2 : 7,
  );
  await Promise.all([workers.process.stop(), processes.process.stop(), offline.process.stop()]);
  const rates = (name: string): number[] => samplesOf(samples, name).map((each) => each.perSecond);
  return [
    throughput("JWT + Lambda proxy, workers", samplesOf(samples, "workers")),
    throughput("JWT + Lambda proxy, processes", samplesOf(samples, "processes")),
    throughput("serverless-offline's httpApi with jwt, workers", samplesOf(samples, "offline")),
    {
      name: "JWT: workers ÷ serverless-offline's workers",
      unit: "×",
      spread: spreadOf(ratios(rates("workers"), rates("offline"))),
      must: { atLeast: 3 },
      note: "it checks no signature",
    },
    {
      name: "JWT: processes ÷ serverless-offline's workers",
      unit: "×",
      spread: spreadOf(ratios(rates("processes"), rates("offline"))),
      must: { atLeast: 2 },
      note: "it has no process mode",
    },
  ];
}

async function measureFlood(setting: Setting): Promise<Figure[]> {
  const { quick, issuer, ask } = setting;
  const half = CONNECTIONS / 2;
  const good = Array.from({ length: NEW_TOKENS }, (_, index) => issuer.authorization(index));
  const unknown = Array.from({ length: NEW_TOKENS }, (_, index) => issuer.authorization(index, `unknown-${index}`));
  const gateway = await startGateway(setting, { isolation: "worker", cores: CORES.servers, route: "/hello" });
  await ask(gateway, good, { warmUpMs: 0, durationMs: quick ? 1000 : COMPILING_MS });
  const fetchesBefore = issuer.keyFetches();
  const from = performance.now();
  const beside = { authorizations: unknown, connections: half, status: 401 };
  const samples = await takeTurns<Sample>(
    [
      { name: "quiet", measure: () => ask(gateway, good) },
      { name: "flood", measure: () => ask(gateway, good, { connections: half, beside }) },
    ],
    quick ? 2 : 9,
  );
  const minutes = Math.max(1, (performance.now() - from) / 60_000);
  const fetches = issuer.keyFetches() - fetchesBefore;
  await gateway.process.stop();
  const latencies = (name: string): number[] => samplesOf(samples, name).map((each) => each.p50Ms);
  return [
    {
      name: "good tokens' latency, unknown kids on half the connections",
      unit: "×",
      spread: spreadOf(ratios(latencies("flood"), latencies("quiet"))),
      must: { atMost: 1.3 },
      note: "through as many good ones in their place",
    },
    {
      name: "key fetches a minute in that flood",
      unit: "",
      spread: spreadOf([fetches / minutes]),
      must: { atMost: 1 },
    },
  ];
}

function throughput(name: string, samples: readonly Sample[]): Figure {
  const p99 = spreadOf(samples.map((each) => each.p99Ms)).median;
  const spread = spreadOf(samples.map((each) => each.perSecond));
  const cpu = spreadOf(samples.map((each) => each.cpuPerRequestUs)).median;
  return { name, unit: "requests/s", spread, note: `p99 ${p99.toFixed(1)} ms, ${cpu.toFixed(0)} µs of processor each` };
}
