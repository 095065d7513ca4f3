/** The floor of what `node:http` costs: answers every request with the constant that the gateway's mock answers. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const body = '{"message": "hello"}';
// The length is stated: without it node:http would chunk the answer, which costs more.
const server = createServer((_request, response) => {
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
});
process.on("disconnect", () => process.exit());
