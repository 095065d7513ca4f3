import { createHash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
/** AWS's root resources have ids of 10 characters, the others of 6, as have authorizers and validators (?). */
export const ROOT_RESOURCE_ID_CHARACTERS = 10;
export const ID_CHARACTERS = 6;
/** Of an HTTP API's integrations (R); its routes likewise (?). */
const HTTP_API_ID_CHARACTERS = 7;

/** Hands out ids shaped like AWS's that are the same at every load: made of the API id and the thing's own name. */
export class StableIds {
  readonly #apiId: string;
  readonly #taken = new Set<string>();

  constructor(apiId: string) {
    this.#apiId = apiId;
  }

  resource(path: string): string {
    return this.#make("resource", path, path === "/" ? ROOT_RESOURCE_ID_CHARACTERS : ID_CHARACTERS);
  }

  authorizer(name: string): string {
    return this.#make("authorizer", name, ID_CHARACTERS);
  }

  route(key: string): string {
    return this.#make("route", key, HTTP_API_ID_CHARACTERS);
  }

  integration(name: string): string {
    return this.#make("integration", name, HTTP_API_ID_CHARACTERS);
  }

  requestValidator(name: string): string {
    return this.#make("validator", name, ID_CHARACTERS);
  }

  #make(kind: string, name: string, characters: number): string {
    for (let attempt = 0; ; attempt++) {
      const digest = createHash("sha256").update(`${kind}\n${this.#apiId}\n${attempt}\n${name}`).digest();
      let id = "";
      for (const byte of digest.subarray(0, characters)) id += ALPHABET[byte % ALPHABET.length];
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
  }
}
