import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { findSigner, SESSION_FLAGS, type Signer } from "./signing-flags.ts";

const FORMATS = ["env", "process", "profile"] as const;

export const credentials: Command = {
  usage: "credentials [NAME]",
  details: [
    "NAME is a user (alice) or a role (role/web), of another account with it (111122223333/alice), by default the first that iam.yaml or the template declares.",
    'env prints export lines: eval "$(gatewarden credentials alice)".',
    "process prints what a profile of ~/.aws/config reads by credential_process = gatewarden credentials alice --format process",
    "profile prints a section for ~/.aws/credentials.",
  ].join("\n"),
  flags: {
    format: { type: "string", value: FORMATS.join("|"), help: "how they are printed (env)" },
    ...SESSION_FLAGS,
    "data-dir": {
      type: "string",
      value: "FOLDER",
      env: true,
      help: `the server's data folder (${SERVER_DEFAULTS.dataDir})`,
    },
  },
  async run(args, io) {
    const format = args.string("format") ?? "env";
    const [name, ...more] = args.positionals;
    if (more.length > 0) throw new UsageError(`wanted one name, there are ${more.length + 1}.`);
    const print = Object.hasOwn(PRINTERS, format) ? PRINTERS[format as keyof typeof PRINTERS] : undefined;
    if (print === undefined)
      throw new UsageError(`--format is ${JSON.stringify(format)}, wanted ${FORMATS.join(", ")}.`);
    io.out(print(await findSigner(name, args, io.cwd)));
    return 0;
  },
};

const PRINTERS: Readonly<Record<(typeof FORMATS)[number], (signer: Signer) => string>> = {
  env: ({ credentials: { accessKeyId, secretAccessKey, sessionToken }, region }) =>
    [
      `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
      `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
      sessionToken === undefined ? "unset AWS_SESSION_TOKEN" : `export AWS_SESSION_TOKEN=${sessionToken}`,
      `export AWS_REGION=${region}`,
      "",
    ].join("\n"),
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
  process: ({ credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } }) =>
    `${JSON.stringify({
      Version: 1,
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      ...(sessionToken !== undefined && { SessionToken: sessionToken }),
      ...(expiration !== undefined && { Expiration: expiration }),
    })}\n`,
  profile: ({ credentials: { accessKeyId, secretAccessKey, sessionToken } }) =>
    [
      "[gatewarden]",
      `aws_access_key_id = ${accessKeyId}`,
      `aws_secret_access_key = ${secretAccessKey}`,
      ...(sessionToken === undefined ? [] : [`aws_session_token = ${sessionToken}`]),
      "",
    ].join("\n"),
};
