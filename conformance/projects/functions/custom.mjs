/** Behind AWS integrations: answers its payload or what the payload names, fails with the message it names. */
export async function handler(payload) {
  if (payload?.fail !== undefined) throw new Error(payload.fail);
  return payload !== null && typeof payload === "object" && Object.hasOwn(payload, "answer") ? payload.answer : payload;
}

/** Answers later than any integration here waits. */
export function slow() {
  return new Promise((resolve) => setTimeout(resolve, 400));
}
