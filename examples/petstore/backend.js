/**
 * The pets backend: a tiny HTTP server that keeps its pets in memory.
 * `node backend.js [PORT]` listens on 127.0.0.1, port 4580 by default.
 */
import { createServer } from "node:http";

const KINDS = ["dog", "cat", "fish", "bird", "gecko"];

/** Starts the backend on a loopback port (0 takes any free one) and answers with its address and a way to stop it. */
export async function startPetsBackend(port) {
  const pets = [
    { id: 1, type: "dog", price: 249.99 },
    { id: 2, type: "cat", price: 124.99 },
    { id: 3, type: "fish", price: 0.99 },
  ];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://pets");
    const petId = /^\/petstore\/pets\/([^/]+)$/.exec(pathname)?.[1];
    if (request.method === "GET" && pathname === "/petstore/pets") {
      const type = searchParams.get("type");
      return answer(response, 200, type === null ? pets : pets.filter((pet) => pet.type === type));
    }
    if (request.method === "POST" && pathname === "/petstore/pets") {
      const wanted = await readJson(request);
      if (!KINDS.includes(wanted?.type) || typeof wanted.price !== "number") {
        return answer(response, 400, {
          errors: [{ key: "NewPet", message: "A type the shop sells and a price are needed." }],
        });
      }
      const pet = { id: pets.length + 1, type: wanted.type, price: wanted.price };
      pets.push(pet);
      return answer(response, 200, { pet, soldBy: wanted.soldBy });
    }
    if (request.method === "POST" && pathname === "/petstore/orders") {
      const order = await readJson(request);
      if (!pets.some((pet) => pet.id === order?.petId)) return answer(response, 400, { errors: ["no such pet"] });
      const { petId, takenBy, customerToken } = order;
      // The bank will verify the token; here it is enough that it came through.
      return answer(response, 200, {
        petId,
        takenBy,
        hasCustomerToken: typeof customerToken === "string" && customerToken !== "",
      });
    }
    if (request.method === "GET" && petId !== undefined) {
      const pet = pets.find((each) => String(each.id) === petId);
      if (pet !== undefined) return answer(response, 200, pet);
      return answer(response, 200, { errors: [{ key: "GetPetRequest.petId", message: "The value is out of range." }] });
    }
    return answer(response, 404, { message: "No such page in the shop." });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    address: `127.0.0.1:${server.address().port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function readJson(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 100_000) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

if (process.argv[1] === import.meta.filename) {
  const { address } = await startPetsBackend(Number(process.argv[2] ?? 4580));
  console.log(`The pets are at http://${address}/petstore/pets`);
}
