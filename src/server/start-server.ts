import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { SigningKeys } from "../aws/sigv4/signing-keys.ts";
import { AuthorizerCache } from "../execute-api/authorizers/authorizer-cache.ts";
import { createIssuerKeys } from "../execute-api/authorizers/issuer-keys.ts";
import { DecisionRing } from "../execute-api/decision-record.ts";
import { ExecuteApi } from "../execute-api/execute-api.ts";
import { createHttpClient } from "../execute-api/integrations/http-client/http-client.ts";
import { newExtendedRequestId, newRequestId } from "../execute-api/request-ids.ts";
import type { IssuerEvent } from "../issuer/issuer-event.ts";
import type { MintOptions } from "../issuer/tokens/mint-token.ts";
import { createNodeFunctions } from "../lambda/node-functions.ts";
import type { Finding } from "../model/finding.ts";
import { isLoopback } from "../token/loopback.ts";
import { openAccessLogs } from "./access-logs.ts";
import { openDataDir } from "./data-dir.ts";
import { type Listener, listen } from "./http-listener/listen.ts";
import { ListenError } from "./http-listener/listen-error.ts";
import { writeDeclaredIdentities } from "./identities/declared-identities.ts";
import { type Credentials, openCredentials, type SessionOptions } from "./identities/open-credentials.ts";
import { openIdentities } from "./identities/open-identities.ts";
import { refuseTestCredentials } from "./identities/refuse-test-credentials.ts";
import { checkIssuerNames } from "./issuer/check-names.ts";
import { IssuerEventRing } from "./issuer/events.ts";
import { createMetrics } from "./metrics.ts";
import { createPlanes } from "./planes.ts";
import { contactIssuers } from "./project/contact-issuers.ts";
import { deployProject } from "./project/deploy-project.ts";
import { type LoadedProject, loadProject } from "./project/load-project.ts";
import { readyApis } from "./ready-apis.ts";
import { type ReadyFile, removeReadyFile, writeReadyFile } from "./ready-file.ts";
import { refuseProduction } from "./refuse-production.ts";
import { refuseMissingTenant, refuseOpenAdmin, refuseUnloadable } from "./refuse-start.ts";
import { partitionOf, type ServerEvents, type ServerOptions } from "./server-options.ts";
import { StartError } from "./start-error.ts";
import { StopList } from "./stop-list.ts";
import { openProjectLimits } from "./usage-plans/project-limits.ts";
import { watchFiles } from "./watch-files.ts";

/** Records kept for `explain` and the console; the oldest go first. */
const DECISION_RING_CAPACITY = 1000;

/** A server that listens. */
export interface RunningServer {
  readonly ready: ReadyFile;
  readonly projectToken: string;
  /** Of the APIs' ARNs, and of the credential scope of whoever signs. */
  readonly region: string;
  readonly records: DecisionRing;
  /** Findings of the files served now. */
  readonly findings: readonly Finding[];
  /** What a client must trust to speak TLS with the local issuer (PEM); undefined without an issuer. */
  readonly issuerCaFile: string | undefined;
  /** A token of the local issuer. @throws StartError without an issuer */
  mint(options: MintOptions): string;
  /** The keys of a user of the files, or of a new session of a role (`role/NAME`). @throws StartError when there is none */
  credentialsOf(name: string, session?: SessionOptions): Promise<Credentials>;
  /** Loads the files again and deploys what they say; what cannot be loaded leaves the running deployments in place. */
  reload(): void;
  flushAuthorizers(apiId: string, stageName: string): void;
  /** Finishes what is under way and ends everything that was started. */
  stop(): Promise<void>;
}

/**
 * Puts the planes together: loads the files, starts the issuer and the function runner, deploys, listens, and writes the
 * ready file once all of it stands. @throws StartError when something keeps it from starting
 */
export async function startServer(options: ServerOptions, events: ServerEvents = {}): Promise<RunningServer> {
  const stops = new StopList();
  try {
    return await assemble(options, events, stops);
  } catch (error) {
    // Why it did not start is what counts, not what went wrong while clearing up.
    await stops.stop().catch((failure) => events.onDefect?.(failure));
    if (error instanceof ListenError) throw new StartError(`${error.message}.${portAdvice(error, options)}`);
    throw error;
  }
}

async function assemble(options: ServerOptions, events: ServerEvents, stops: StopList): Promise<RunningServer> {
  refuseOpenAdmin(options);
  refuseTestCredentials(options);
  const dataDir = openDataDir(options.dataDir);
  const place = { region: options.region, accountId: options.accountId, partition: partitionOf(options.region) };
  const issuerEvents = new IssuerEventRing();
  const onIssuerEvent = (event: IssuerEvent): void => {
    issuerEvents.add(event, Date.now());
    events.onIssuerEvent?.(event);
  };
  refuseMissingTenant(options.tenant, "--tenant");
  if (options.issuerPort !== undefined) refuseProduction(process.env, options.allowIssuerInProduction === true);
  const issuer =
    options.issuerPort === undefined
      ? undefined
      : // Loaded here: a gateway without an issuer starts without its code.
        await (await import("./issuer/start-issuer.ts")).startIssuer({
          port: options.issuerPort,
          scheme: options.issuerScheme ?? "http",
          dataDir: dataDir.path,
          tenant: options.tenant,
          cwd: options.cwd,
          onDefect: events.onDefect,
          onTrouble: events.onTrouble,
          onIssuerEvent,
        });
  if (issuer) stops.add(issuer.stop);

  const location = {
    files: options.files,
    cwd: options.cwd,
    ...(options.config !== undefined && { config: options.config }),
  };
  const load = (): LoadedProject =>
    loadProject(location, place, {
      issuerUrl: issuer?.issuerUrl,
      ...(issuer && options.issuerScheme === "https" && { issuerCaFile: issuer.caFile }),
      dataDir: dataDir.path,
      parameters: options.parameters,
      stageOverrides: options.stageVariables,
    });
  let project = load();
  refuseUnloadable(project.findings);
  if (issuer) refuseMissingTenant(project.tenant, "tenant in the project file");

  const records = new DecisionRing(DECISION_RING_CAPACITY);
  const metrics = createMetrics();
  mkdirSync(join(dataDir.path, "access-logs"), { recursive: true, mode: 0o700 });
  const accessLogs = openAccessLogs((message) => events.onTrouble?.(message));
  stops.add(accessLogs.close);
  const functions = createNodeFunctions({
    functions: project.functions,
    isolation: options.lambdaIsolation,
    region: options.region,
    accountId: options.accountId,
    watch: options.watch,
    ...(options.inspectPort !== undefined && { inspectPort: options.inspectPort }),
    log: (line) => events.onFunctionLog?.(line.functionName, line.text),
  });
  stops.add(() => functions.stop());
  const http = createHttpClient();
  stops.add(() => http.close());

  const isDevelopment = options.mode === "development";
  const localIssuers = new Map<string, () => string>();
  const issuerKeys = createIssuerKeys({
    allowLoopbackHttp: isDevelopment,
    refusePrivateAddresses: !isDevelopment && !options.allowPrivateIssuers,
    localIssuers,
  });
  const iam = openIdentities({
    dataDir: dataDir.path,
    testCredentials: options.testCredentials === true,
    place,
    onTrouble: (message) => events.onTrouble?.(message),
  });
  stops.add(iam.close);
  const usagePlans = await openProjectLimits({
    dataDir: dataDir.path,
    place,
    redis: options.redis,
    accountThrottle: options.accountThrottle,
    onTrouble: (message) => events.onTrouble?.(message),
  });
  stops.add(usagePlans.close);
  const executeApi = new ExecuteApi({
    lambda: functions,
    http,
    issuerKeys,
    identities: iam.identities,
    signingKeys: new SigningKeys(),
    limits: usagePlans.limits,
    get signatureWording() {
      return project.signatureWording;
    },
    authorizerCache: new AuthorizerCache(),
    requestAuthorizerCache: new AuthorizerCache(),
    now: Date.now,
    monotonic: () => performance.now(),
    newRequestId,
    newExtendedRequestId,
    record: (record) => {
      records.add(record);
      metrics.count(record);
      try {
        events.onRecord?.(record);
      } catch (error) {
        // Who looks on decides nothing: the request is answered as it was decided.
        events.onDefect?.(error);
      }
    },
    writeAccessLog: accessLogs.write,
  });
  const testCredentials = options.testCredentials === true;
  const deploy = (): readonly Finding[] => {
    const { users, roles } = project;
    const { region, accountId } = place;
    const found = [
      ...iam.replace(users, roles),
      ...deployProject(project, executeApi, functions, place),
      ...(issuer ? checkIssuerNames(project, issuer) : []),
    ];
    try {
      writeDeclaredIdentities(dataDir.path, { users, roles, region, accountId, testCredentials });
    } catch (error) {
      // Only commands that sign read it; whoever is no longer declared is not known all the same.
      events.onTrouble?.(`identities.json cannot be written: ${(error as Error).message}`);
    }
    return found;
  };
  // Before all else, here and when files change: keys that cannot be kept leave everything as it was.
  const planFindings = usagePlans.replace(project);
  let findings: readonly Finding[] = [...deploy(), ...planFindings];
  /** The local issuer takes over what the files say, and the issuers that they name are asked, as AWS does at creation. */
  const meetIssuers = async (): Promise<void> => {
    await issuer?.serve(project);
    localIssuers.clear();
    if (issuer) {
      // Its own addresses, too: a gateway in the same process needs no TLS, nor a listener that is ready.
      const named = [issuer.issuerHttpUrl, issuer.issuerTlsUrl, ...project.localIssuers];
      for (const url of named) localIssuers.set(url, issuer.jwks);
    }
    if (issuer && project.localIssuers.length > 0) {
      events.onTrouble?.(`the local issuer speaks for ${project.localIssuers.join(", ")}: its own keys are trusted`);
    }
    const contacting = contactIssuers(project, issuerKeys, options.mode, (message) => events.onTrouble?.(message));
    // Development answers AWS's 401 meanwhile: a local issuer may start later.
    if (!isDevelopment) await contacting;
  };
  await meetIssuers();
  events.onFindings?.(findings);

  const isPublic = !isLoopback(options.host);
  const { answerDataPlane, answerAdmin } = createPlanes(executeApi, {
    allowedHosts: options.allowedHosts,
    isPublic,
    isDevelopers: isDevelopment && !isPublic,
    own: {
      records,
      issuerEvents,
      usagePlans,
      projectToken: dataDir.projectToken,
      metrics: metrics.text,
    },
  });

  const onError = (error: unknown): void => events.onDefect?.(error);
  const gateway = await listen({
    host: options.host,
    port: options.port,
    ...(options.tls && { tls: options.tls }),
    trustedProxies: options.trustedProxies,
    // AWS is reached over TLS only (D): what a policy or a backend is told of it is told to developers as well.
    ...(isDevelopment && { presentedScheme: "https" as const }),
    onError,
    handler: answerDataPlane,
  });
  stops.add(gateway.stop);
  let admin: Listener = gateway;
  if (isPublic) {
    admin = await listen({ host: options.adminHost, port: options.adminPort, onError, handler: answerAdmin });
    stops.add(admin.stop);
  }

  const gatewayUrl = urlOf(gateway, options.tls !== undefined);
  const ready = (): ReadyFile => ({
    gateway: gatewayUrl,
    management: urlOf(admin, !isPublic && options.tls !== undefined),
    issuer: issuer?.issuerUrl ?? null,
    issuerTls: issuer?.issuerTlsUrl ?? null,
    console: null,
    pid: process.pid,
    apis: readyApis([...executeApi.deployments()], executeApi.domains, gatewayUrl, gateway.port),
  });
  const readyFile = options.readyFile ?? join(dataDir.path, "ready.json");
  const announce = (): void => writeReadyFile(readyFile, ready());

  const running: RunningServer = {
    get ready() {
      return ready();
    },
    projectToken: dataDir.projectToken,
    region: place.region,
    records,
    get findings() {
      return findings;
    },
    issuerCaFile: issuer?.caFile,
    mint: (mintOptions) => {
      if (!issuer) throw new StartError("no issuer runs here. Start without --no-issuer.", 2);
      return issuer.mint(mintOptions);
    },
    credentialsOf: async (name, session) => {
      const { users, roles } = project;
      const own = openCredentials({ dataDir: dataDir.path, users, roles, accountId: place.accountId });
      try {
        return await own.credentialsOf(name, session);
      } finally {
        await own.close();
      }
    },
    reload: () => {
      const next = load();
      const unloadable = next.findings.filter((finding) => finding.effect === "load");
      if (unloadable.length > 0) {
        events.onFindings?.(unloadable);
        events.onReload?.("not reloaded: what was deployed before stays");
        return;
      }
      const planFindings = usagePlans.replace(next);
      project = next;
      functions.replaceFunctions(project.functions);
      findings = [...deploy(), ...planFindings];
      // Rules and functions may have changed with the files; a policy cached before would hide that for its TTL.
      for (const { apiId, stageName } of executeApi.deployments()) executeApi.flushAuthorizers(apiId, stageName);
      void meetIssuers().catch(onError);
      try {
        announce();
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        events.onTrouble?.(error.message);
      }
      events.onFindings?.(findings);
      events.onReload?.("deployed anew, authorizer caches flushed");
    },
    flushAuthorizers: (apiId, stageName) => executeApi.flushAuthorizers(apiId, stageName),
    stop: stops.stop,
  };
  if (options.watch) {
    const watching = watchFiles(
      () => project.watched,
      () => {
        try {
          running.reload();
        } catch (error) {
          events.onReload?.(error instanceof StartError ? `not reloaded: ${error.message}` : "not reloaded");
          if (!(error instanceof StartError)) events.onDefect?.(error);
        }
      },
    );
    stops.add(watching.stop);
  }
  announce();
  stops.add(() => removeReadyFile(readyFile));
  return running;
}

/** Names the flag that chooses the port which is taken. */
function portAdvice(error: ListenError, options: ServerOptions): string {
  if (error.code !== "EADDRINUSE") return "";
  const taken = error.address.slice(error.address.lastIndexOf(":") + 1);
  const asked = { "--port": options.port, "--issuer-port": options.issuerPort, "--admin-port": options.adminPort };
  const flags = Object.entries(asked).flatMap(([flag, port]) => (String(port) === taken ? [flag] : []));
  return ` Another server may be running there; choose another port with ${flags.join(" or ")}, or 0 for any free one.`;
}

function urlOf(listener: Listener, tls: boolean): string {
  const host = listener.host.includes(":") ? `[${listener.host}]` : listener.host;
  return `${tls ? "https" : "http"}://${host}:${listener.port}`;
}
