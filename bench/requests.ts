/**
 * Requests per second over a real socket: a TOKEN-authorised request whose policy is cached, answered by a mock
 * integration, beside a `node:http` hello; and a TOKEN route with an isolated Node handler beside serverless-offline.
 */
import { join } from "node:path";
import { bundleShippedAuthorizer } from "./bundle-handlers.ts";
import type { LoadOrder, LoadReport } from "./load/load-order.ts";
import { CORES, type PinnedProcess, startPinned } from "./load/pinned-process.ts";
import { startServerlessOffline } from "./load/serverless-offline.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const CONNECTIONS = 8;
/** Servers are compared once their code is compiled, which for a gateway takes some 50,000 requests. */
const COMPILING_MS = 10_000;

interface Sample extends LoadReport {
  readonly perSecond: number;
  /** Of the server process, its threads included, its children not. */
  readonly cpuPerRequestUs: number;
}

interface GatewayReady {
  readonly url: string;
  readonly issuer: string;
  readonly token: string;
}

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  await bundleShippedAuthorizer();
  const started: PinnedProcess[] = [];
  const start = (cores: string, args: readonly string[], options = {}): PinnedProcess => {
    const process = startPinned(cores, args, options);
    started.push(process);
    return process;
  };
  const script = (name: string): string => join(import.meta.dirname, name);
  try {
    const generator = start(CORES.load, [script("load/generate-load.ts")]);
    const times = quick ? { warmUpMs: 300, durationMs: 500 } : { warmUpMs: 500, durationMs: 1500 };
    const ask = async (server: PinnedProcess, url: string, token: string, duration = times): Promise<Sample> => {
      const headers = { "User-Agent": "bench", Authorization: `Bearer ${token}` };
      const order: LoadOrder = { url, headers, connections: CONNECTIONS, ...duration };
      const cpuBefore = server.cpuMs();
      generator.child.send(order);
      const report = await generator.next<LoadReport>();
      const perSecond = report.requests / report.seconds;
      const asked = perSecond * ((duration.warmUpMs + duration.durationMs) / 1000);
      return { ...report, perSecond, cpuPerRequestUs: ((server.cpuMs() - cpuBefore) * 1000) / asked };
    };

    const hello = start(CORES.server, [script("servers/hello.ts")]);
    const helloUrl = (await hello.next<{ url: string }>()).url;
    const oneCore = start(CORES.server, [script("servers/gateway.ts"), "worker"]);
    const oneCoreReady = await oneCore.next<GatewayReady>();
    const { token } = oneCoreReady;
    const compiling = { warmUpMs: 0, durationMs: quick ? 1000 : COMPILING_MS };
    await ask(hello, helloUrl, token, compiling);
    await ask(oneCore, `${oneCoreReady.url}/mock`, token, compiling);
    const mock = await takeTurns<Sample>(
      [
        { name: "hello", measure: () => ask(hello, helloUrl, token) },
        { name: "gateway", measure: () => ask(oneCore, `${oneCoreReady.url}/mock`, token) },
      ],
      quick ? 3 : 11,
    );
    await hello.stop();
    await oneCore.stop();

    const workers = start(CORES.servers, [script("servers/gateway.ts"), "worker"]);
    const workersReady = await workers.next<GatewayReady>();
    const processes = start(CORES.servers, [script("servers/gateway.ts"), "process"]);
    const processesReady = await processes.next<GatewayReady>();
    const offline = await startServerlessOffline(start, workersReady.issuer);
    await ask(workers, `${workersReady.url}/hello`, workersReady.token, compiling);
    await ask(processes, `${processesReady.url}/hello`, processesReady.token, compiling);
    await ask(offline.process, `${offline.origin}/dev/hello`, workersReady.token, compiling);
    const isolated = await takeTurns<Sample>(
      [
        { name: "workers", measure: () => ask(workers, `${workersReady.url}/hello`, workersReady.token) },
        { name: "offline", measure: () => ask(offline.process, `${offline.origin}/dev/hello`, workersReady.token) },
        { name: "processes", measure: () => ask(processes, `${processesReady.url}/hello`, processesReady.token) },
      ],
      quick ? 2 : 7,
    );
    return [...mockFigures(mock), ...isolatedFigures(isolated)];
  } finally {
    await Promise.all(started.map((process) => process.stop()));
  }
}

function mockFigures(samples: ReadonlyMap<string, readonly Sample[]>): Figure[] {
  const hello = samplesOf(samples, "hello");
  const gateway = samplesOf(samples, "gateway");
  return [
    throughput("node:http hello, one core", hello),
    throughput("cached TOKEN + mock, one core", gateway),
    {
      name: "cached TOKEN + mock ÷ node:http hello",
      unit: "×",
      spread: spreadOf(ratios(perSecond(gateway), perSecond(hello))),
      must: { atLeast: 0.45 },
      note: "long-run goal 0.6",
    },
    {
      name: "the same by CPU per request",
      unit: "×",
      spread: spreadOf(ratios(cpu(hello), cpu(gateway))),
    },
  ];
}

function isolatedFigures(samples: ReadonlyMap<string, readonly Sample[]>): Figure[] {
  const workers = samplesOf(samples, "workers");
  const processes = samplesOf(samples, "processes");
  const offline = samplesOf(samples, "offline");
  return [
    throughput("cached TOKEN + Lambda proxy, workers", workers),
    throughput("cached TOKEN + Lambda proxy, processes", processes),
    throughput("serverless-offline, workers", offline),
    {
      name: "workers ÷ serverless-offline's workers",
      unit: "×",
      spread: spreadOf(ratios(perSecond(workers), perSecond(offline))),
      must: { atLeast: 3 },
      note: "long-run goal 8",
    },
    {
      name: "processes ÷ serverless-offline's workers",
      unit: "×",
      spread: spreadOf(ratios(perSecond(processes), perSecond(offline))),
      must: { atLeast: 2 },
      note: "it has no process mode",
    },
  ];
}

function throughput(name: string, samples: readonly Sample[]): Figure {
  const p99 = spreadOf(samples.map((each) => each.p99Ms)).median;
  return { name, unit: "requests/s", spread: spreadOf(perSecond(samples)), note: `p99 ${p99.toFixed(1)} ms` };
}

function perSecond(samples: readonly Sample[]): number[] {
  return samples.map((each) => each.perSecond);
}

function cpu(samples: readonly Sample[]): number[] {
  return samples.map((each) => each.cpuPerRequestUs);
}
