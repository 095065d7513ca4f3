/**
 * What limits cost a request: finding its API key, the quota and the throttles of the usage plan (on the method and
 * altogether), of the method and of the account, all in memory, beside the signature check of one RS256 token, which
 * such a request commonly pays as well. Processor time, so that other processes of the machine do not count.
 */
import { generateKeyPairSync, sign, verify } from "node:crypto";
import type { Limit } from "../src/execute-api/limits/limits.ts";
import { RequestLimits } from "../src/execute-api/limits/request-limits.ts";
import { createMemoryEphemeral } from "../src/store/memory-ephemeral.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

/** Keys that take turns. Each has six pieces of state, so many of them are a matter of the processor's caches. */
const FEW_KEYS = 100;
const MANY_KEYS = 1000;
const TOKEN_BYTES = 700;
const MOST = 1e9;

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const data = Buffer.alloc(TOKEN_BYTES, "t");
  const signature = sign("sha256", data, privateKey);
  const few = limitsOf(FEW_KEYS);
  const many = limitsOf(MANY_KEYS);
  const method: Limit = {
    type: "bucket",
    scope: "method",
    key: "method/api/test/GET /pets",
    rate: MOST,
    burst: MOST,
    origin: "GET /pets",
  };
  const values = Array.from({ length: MANY_KEYS }, (_, at) => valueOf(at));
  let next = 0;
  const decide = (limits: RequestLimits, keys: number) => (): void => {
    next = (next + 1) % keys;
    const found = limits.findKey(values[next]!, "api", "test");
    if (!found.ok) throw new Error(found.reason);
    const { allowance, plan, methods } = found.grant;
    const exceeded = limits.spend([allowance, methods.get("/pets/GET")!, plan!, method, limits.account!]);
    if (exceeded !== undefined) throw new Error("nothing should be exceeded");
  };
  const decideWithoutKey = (): void => {
    if (few.spend([method, few.account!]) !== undefined) throw new Error("nothing should be exceeded");
  };
  const check = (): void => {
    if (!verify("sha256", data, publicKey, signature)) throw new Error("the signature is good");
  };
  const per = quick ? 500 : 2000;
  /** Microseconds for one. */
  const timed = (run: () => void, times: number) => (): number => {
    const began = process.cpuUsage();
    for (let at = 0; at < times; at++) run();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / times;
  };
  for (const run of [decide(few, FEW_KEYS), decide(many, MANY_KEYS), decideWithoutKey])
    for (let at = 0; at < 20_000; at++) run();
  const samples = await takeTurns(
    [
      { name: "few keys", measure: timed(decide(few, FEW_KEYS), per * 10) },
      { name: "many keys", measure: timed(decide(many, MANY_KEYS), per * 10) },
      { name: "without", measure: timed(decideWithoutKey, per * 10) },
      { name: "RS256", measure: timed(check, per) },
    ],
    quick ? 5 : 21,
  );
  const ofFew = samplesOf(samples, "few keys");
  const ofMany = samplesOf(samples, "many keys");
  const without = samplesOf(samples, "without");
  const verified = samplesOf(samples, "RS256");
  const ratioOf = (name: string, of: readonly number[]) => ({
    name: `${name} / signature check`,
    unit: "ratio",
    spread: spreadOf(ratios(of, verified)),
  });
  return [
    { name: `limits of a request, ${FEW_KEYS} API keys in turn`, unit: "µs", spread: spreadOf(ofFew) },
    { name: `limits of a request, ${MANY_KEYS} API keys in turn`, unit: "µs", spread: spreadOf(ofMany) },
    { name: "limits of a request without a key", unit: "µs", spread: spreadOf(without) },
    { name: "one RS256 signature check", unit: "µs", spread: spreadOf(verified) },
    { ...ratioOf(`${FEW_KEYS} keys`, ofFew), must: { atMost: 0.1 } },
    ratioOf(`${MANY_KEYS} keys`, ofMany),
    ratioOf("without a key", without),
  ];
}

function valueOf(at: number): string {
  return `key-${String(at).padStart(6, "0")}-${"0123456789".repeat(3)}`;
}

function limitsOf(count: number): RequestLimits {
  const at = { file: "bench", line: 1, column: 1 };
  const throttle = { rateLimit: MOST, burstLimit: MOST };
  const limits = new RequestLimits({
    store: createMemoryEphemeral(),
    usageStore: createMemoryEphemeral(),
    now: Date.now,
    accountThrottle: throttle,
  });
  const keys = Array.from({ length: count }, (_, each) => ({
    id: `key${each}`,
    name: `key${each}`,
    value: valueOf(each),
    enabled: true,
    at,
  }));
  limits.replacePlans(keys, [
    {
      id: "gold",
      name: "gold",
      apiStages: [{ apiId: "api", stageName: "test", throttle: { "/pets/GET": throttle } }],
      throttle,
      quota: { limit: MOST, offset: 0, period: "MONTH" },
      keyIds: keys.map(({ id }) => id),
      firstServedMs: 0,
      at,
    },
  ]);
  return limits;
}
