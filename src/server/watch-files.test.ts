import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../test/support/wait-for.ts";
import { watchFiles } from "./watch-files.ts";

let folder: string;
let watching: { readonly stop: () => void } | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-watch-"));
});
afterEach(() => {
  watching?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts watching; `changes` waits until there were that many calls, and no more. */
function watchAll(...names: string[]) {
  const files = names.map((name) => join(folder, name));
  let calls = 0;
  watching = watchFiles(
    () => files,
    () => void calls++,
  );
  return {
    files,
    calls: () => calls,
    changed: (atLeast: number) => waitFor(() => expect(calls).toBeGreaterThanOrEqual(atLeast)),
  };
}

describe("a change is told", () => {
  test("of a file that is written", async () => {
    writeFileSync(join(folder, "api.yaml"), "1");
    const { files, changed } = watchAll("api.yaml");
    writeFileSync(files[0] as string, "2");
    await changed(1);
  });

  test("of a file that an editor replaces, again and again", async () => {
    writeFileSync(join(folder, "api.yaml"), "1");
    const { files, calls, changed } = watchAll("api.yaml");
    for (let round = 1; round <= 3; round++) {
      const before = calls();
      writeFileSync(join(folder, ".api.yaml.swp"), String(round));
      renameSync(join(folder, ".api.yaml.swp"), files[0] as string);
      await changed(before + 1);
    }
  });

  test("of a file that appears", async () => {
    const { files, changed } = watchAll("api.yaml");
    writeFileSync(files[0] as string, "1");
    await changed(1);
  });

  test("of a file whose folder was removed and made anew", async () => {
    mkdirSync(join(folder, "src"));
    writeFileSync(join(folder, "src/api.yaml"), "1");
    const { files, calls, changed } = watchAll("src/api.yaml");
    rmSync(join(folder, "src"), { recursive: true });
    await changed(1);
    mkdirSync(join(folder, "src"));
    await changed(2);
    const before = calls();
    writeFileSync(files[0] as string, "2");
    await changed(before + 1);
  });

  test("of a file in a folder that was not there", async () => {
    const { files, calls, changed } = watchAll("src/api.yaml");
    mkdirSync(join(folder, "src"));
    await changed(1);
    const before = calls();
    writeFileSync(files[0] as string, "1");
    await changed(before + 1);
  });
});

test("other files in the folder change nothing", async () => {
  writeFileSync(join(folder, "api.yaml"), "1");
  const { files, calls, changed } = watchAll("api.yaml");
  writeFileSync(join(folder, "other.yaml"), "1");
  writeFileSync(files[0] as string, "2");
  await changed(1);
  expect(calls()).toBe(1);
});

test("a folder that cannot be watched does not keep the others from being watched", async () => {
  writeFileSync(join(folder, "plain"), "1");
  writeFileSync(join(folder, "api.yaml"), "1");
  const { changed } = watchAll("plain/api.yaml", "api.yaml");
  writeFileSync(join(folder, "api.yaml"), "2");
  await changed(1);
});

test("after the end nothing is told, not even what was already noticed", async () => {
  writeFileSync(join(folder, "api.yaml"), "1");
  const { files, calls } = watchAll("api.yaml");
  writeFileSync(files[0] as string, "2");
  await new Promise((resolve) => setImmediate(resolve));
  watching?.stop();
  const second = watchAll("api.yaml");
  writeFileSync(second.files[0] as string, "3");
  await second.changed(1);
  expect(calls()).toBe(0);
});
