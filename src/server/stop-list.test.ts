import { expect, test } from "vitest";
import { StopList } from "./stop-list.ts";

test("everything is ended once, the last started first, one after the other", async () => {
  const stops = new StopList();
  const ended: string[] = [];
  stops.add(() => void ended.push("first"));
  stops.add(async () => {
    await Promise.resolve();
    ended.push("second");
  });
  stops.add(() => void ended.push("third"));
  await stops.stop();
  expect(ended).toEqual(["third", "second", "first"]);
});

test("whoever asks a second time waits for the same end", async () => {
  const stops = new StopList();
  let end = (): void => {};
  let times = 0;
  stops.add(
    () =>
      new Promise<void>((resolve) => {
        times++;
        end = resolve;
      }),
  );
  const first = stops.stop();
  let isDone = false;
  const second = stops.stop().then(() => {
    isDone = true;
  });
  await Promise.resolve();
  expect(isDone).toBe(false);
  end();
  await Promise.all([first, second]);
  expect([isDone, times]).toEqual([true, 1]);
});

test("what fails to end keeps nothing else running, and is told", async () => {
  const stops = new StopList();
  const ended: string[] = [];
  stops.add(() => void ended.push("listener"));
  stops.add(() => Promise.reject(new Error("asynchronously")));
  stops.add(() => {
    throw new Error("at once");
  });
  await expect(stops.stop()).rejects.toThrow("at once");
  expect(ended).toEqual(["listener"]);
});
