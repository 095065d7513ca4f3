import type { Command } from "./command.ts";
import { printRecord } from "./print-record.ts";
import { CLIENT_FLAGS, findRunningServer } from "./running-server.ts";

export const explain: Command = {
  usage: "explain [REQUEST_ID]",
  words: 1,
  details: "The request id is in the x-amzn-RequestId header of every answer.",
  flags: { ...CLIENT_FLAGS, json: { type: "boolean", help: "the record as JSON" } },
  async run(args, io) {
    const server = findRunningServer(args, io.cwd);
    const requestId = args.positionals[0];
    const record =
      requestId === undefined
        ? (await server.records()).find((each) => each.answer.status >= 400)
        : await server.record(requestId);
    if (record === undefined) {
      io.err(
        requestId === undefined
          ? "No request was refused yet.\n"
          : `No record of request ${requestId}; only the last ones are kept.\n`,
      );
      return 1;
    }
    io.out(args.boolean("json") ? `${JSON.stringify(record, null, 2)}\n` : printRecord(record));
    return 0;
  },
};
