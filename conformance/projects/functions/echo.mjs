/** Answers the proxy event it got, as JSON. */
export async function handler(event) {
  return { statusCode: 200, body: JSON.stringify(event) };
}

/** Breaks the contract of proxy functions. */
export async function malformed() {
  return { statusCode: 200, wrongValue: "extra" };
}

export async function failing() {
  throw new Error("boom");
}
