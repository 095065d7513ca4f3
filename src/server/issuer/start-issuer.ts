import type { Actions } from "../../issuer/actions/actions.ts";
import type { ActionsOptions } from "../../issuer/actions/create-actions.ts";
import { createIssuer, type Issuer } from "../../issuer/issuer.ts";
import type { IssuerEvent } from "../../issuer/issuer-event.ts";
import type { TenantStore } from "../../issuer/tenant/tenant-store.ts";
import type { MintOptions } from "../../issuer/tokens/mint-token.ts";
import { audiencesOf, foreignIssuers, type IssuerProject } from "../project/audiences.ts";
import type { IssuerScheme } from "../server-options.ts";
import { keepIssuer } from "./kept-issuer.ts";
import { type IssuerListeners, listenAsIssuer } from "./listeners.ts";
import { findTenantFile, lazyDocuments, openIssuerFolder, openTenant } from "./state.ts";

/** The development issuer on its own loopback ports: one for http, one for https. */
export interface IssuerPlane {
  /** The one of the two that functions, parameters and minted tokens name; the trailing slash is part of it. */
  readonly issuerUrl: string;
  /** `http://localhost:{port}/` */
  readonly issuerHttpUrl: string;
  /** `https://localhost:{port + 1}/` */
  readonly issuerTlsUrl: string;
  /** What a client must trust for the latter (PEM). */
  readonly caFile: string;
  /** The key set as published, as JSON text. */
  jwks(): string;
  /**
   * Takes over the audiences and scopes the project's authorizers name; without a project, those of the one that was
   * served last. @throws StartError for a bad tenant file
   */
  serve(project?: IssuerProject): Promise<void>;
  mint(options: MintOptions): string;
  stop(): Promise<void>;
}

export interface IssuerPlaneOptions {
  readonly port: number;
  /** Which of the two is `issuerUrl`. */
  readonly scheme: IssuerScheme;
  readonly dataDir: string;
  /** The tenant's file; by default the project's, `tenant.yaml` in `cwd`, or one in the data folder. */
  readonly tenant: string | undefined;
  readonly cwd: string;
  readonly onDefect: ((error: unknown) => void) | undefined;
  readonly onTrouble: ((message: string) => void) | undefined;
  readonly onIssuerEvent: (event: IssuerEvent) => void;
}

/** Listens first, so that port 0 has become a number before anything names the issuer's URL. */
export async function startIssuer(options: IssuerPlaneOptions): Promise<IssuerPlane> {
  const { dataDir } = options;
  const onTrouble = options.onTrouble ?? (() => {});
  const { folder, keys, ca } = await openIssuerFolder(dataDir, (message) =>
    options.onIssuerEvent({ kind: "keys_changed", message }),
  );
  const documents = lazyDocuments(folder);
  /** One for as long as the server runs: codes and logins under way are in it. */
  let started:
    | {
        readonly issuer: Issuer;
        readonly tenants: TenantStore;
        readonly keep: (served: IssuerProject) => void;
      }
    | undefined;
  const listeners: IssuerListeners = await listenAsIssuer({
    port: options.port,
    tls: () => ca.serverCertificate,
    onError: (error) => options.onDefect?.(error),
    handler: (request, asked) =>
      started?.issuer.handle(request, asked) ?? { status: 503, headers: ["Retry-After", "1"], body: "" },
  });
  const { httpUrl: issuerHttpUrl, tlsUrl: issuerTlsUrl } = listeners;
  const issuerUrl = options.scheme === "https" ? issuerTlsUrl : issuerHttpUrl;
  // Published before it ever signs; made on another thread, so that the start does not wait for it.
  const preparing = keys.prepareNext().catch((error) => options.onDefect?.(error));
  const running = (): Issuer => {
    if (started === undefined) throw new Error("the issuer was asked before it knew its tenant");
    return started.issuer;
  };

  async function open(project: IssuerProject | undefined): Promise<void> {
    const issuerUrls = options.scheme === "https" ? [issuerTlsUrl, issuerHttpUrl] : [issuerHttpUrl, issuerTlsUrl];
    const file = findTenantFile(options.tenant ?? project?.tenant, options.cwd, dataDir);
    // What is found at the start is no change.
    const onChange = (message: string): void => {
      if (started) options.onIssuerEvent({ kind: "tenant_changed", message });
    };
    const tenants = await openTenant({ file, folder, issuerUrls, onChange, onTrouble });
    if (project) await tenants.declare(audiencesOf(project, issuerUrls));
    // For commands that run after it.
    const keep = (served: IssuerProject | undefined): void => {
      const foreign = served === undefined ? [] : foreignIssuers(served, issuerUrls);
      keepIssuer(dataDir, { issuerUrl, issuerUrls, tenantFile: file, foreignIssuers: foreign });
    };
    keep(project);
    const issuer = createIssuer({
      issuerUrl,
      tenants,
      keys,
      folder,
      documents: documents.open,
      actions: lateActions({ file: () => tenants.actionsFile(), folder, tenants, onTrouble }),
      onEvent: options.onIssuerEvent,
    });
    started = { issuer, tenants, keep };
  }

  return {
    issuerUrl,
    issuerHttpUrl,
    issuerTlsUrl,
    caFile: ca.certificateFile,
    jwks: () => JSON.stringify(running().jwks()),
    serve: async (project) => {
      if (started === undefined) await open(project);
      else if (project) {
        await started.tenants.declare(audiencesOf(project, [issuerHttpUrl, issuerTlsUrl]));
        started.keep(project);
      }
    },
    mint: (mintOptions) => running().mint(mintOptions),
    stop: async () => {
      await listeners.stop();
      // Else it would write into a folder that its owner may remove by then.
      await preparing;
      await documents.close();
    },
  };
}

/** Loaded when somebody logs in: no start waits for it. */
function lateActions(options: ActionsOptions): Actions {
  let loading: Promise<Actions> | undefined;
  const load = (): Promise<Actions> => {
    loading ??= import("../../issuer/actions/create-actions.ts").then(({ createActions }) => createActions(options));
    return loading;
  };
  return {
    postLogin: async (event) => (await load()).postLogin(event),
    credentialsExchange: async (event) => (await load()).credentialsExchange(event),
    file: async () => (await load()).file?.(),
  };
}
