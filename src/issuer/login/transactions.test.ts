import { expect, test } from "vitest";
import {
  createTransactions,
  MAX_LOGIN_FAILURES,
  MAX_TRANSACTIONS,
  TRANSACTION_LIFETIME_SECONDS,
  type TransactionStep,
} from "./transactions.ts";

const step: TransactionStep = {
  page: "login",
  incarnation: "1",
  parameters: new Map([["client_id", "c"]]),
  request: { method: "GET", hostname: "localhost", ip: "127.0.0.1", userAgent: "", query: {}, body: {} },
};

function sample() {
  const clock = { nowMs: 1_800_000_000_000 };
  return { clock, transactions: createTransactions({ clock: () => clock.nowMs }) };
}

test("a transaction is found by the browser that began it only", () => {
  const { transactions } = sample();
  const { browserSecret, transaction } = transactions.begin(step, undefined);
  const other = transactions.begin(step, undefined);
  expect(transactions.find(transaction.id, browserSecret)).toBe(transaction);
  expect(transactions.find(transaction.id, other.browserSecret)).toBeUndefined();
  expect(transactions.find(transaction.id, undefined)).toBeUndefined();
  expect(transactions.find("", browserSecret)).toBeUndefined();
});

test("a second tab shares the browser's secret; one that was planted is not taken up", () => {
  const { transactions } = sample();
  const first = transactions.begin(step, undefined);
  const second = transactions.begin(step, first.browserSecret);
  expect(second.browserSecret).toBe(first.browserSecret);
  expect(second.transaction.id).not.toBe(first.transaction.id);
  expect(transactions.begin(step, "p".repeat(43)).browserSecret).not.toBe("p".repeat(43));
});

test("it ends once", () => {
  const { transactions } = sample();
  const { browserSecret, transaction } = transactions.begin(step, undefined);
  expect(transactions.end(transaction)).toBe(true);
  expect(transactions.end(transaction)).toBe(false);
  expect(transactions.find(transaction.id, browserSecret)).toBeUndefined();
});

test("it is over after ten minutes", () => {
  const { clock, transactions } = sample();
  const { browserSecret, transaction } = transactions.begin(step, undefined);
  clock.nowMs += TRANSACTION_LIFETIME_SECONDS * 1000 - 1;
  expect(transactions.find(transaction.id, browserSecret)).toBe(transaction);
  clock.nowMs += 1;
  expect(transactions.find(transaction.id, browserSecret)).toBeUndefined();
  transactions.begin(step, undefined);
  expect(transactions.size).toBe(1);
});

test("wrong passwords are counted, and too many end it", () => {
  const { transactions } = sample();
  const { transaction } = transactions.begin(step, undefined);
  for (let count = 1; count < MAX_LOGIN_FAILURES; count++) expect(transactions.countFailure(transaction)).toBe(true);
  expect(transactions.countFailure(transaction)).toBe(false);
  expect(transactions.end(transaction)).toBe(false);
});

test("there are never more than the bound: the oldest go", () => {
  const { transactions } = sample();
  const first = transactions.begin(step, undefined);
  const second = transactions.begin(step, undefined);
  for (let count = 2; count <= MAX_TRANSACTIONS; count++) transactions.begin(step, undefined);
  expect(transactions.size).toBe(MAX_TRANSACTIONS);
  expect(transactions.find(first.transaction.id, first.browserSecret)).toBeUndefined();
  expect(transactions.find(second.transaction.id, second.browserSecret)).toBeDefined();
});
