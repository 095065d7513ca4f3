import answers from "./authorizer-answers.json" with { type: "json" };

/*
 * An authorizer that answers what the caller asks for by name: `NAME` or `NAME/ANYTHING`, in the token or, for REQUEST
 * authorizers, in the header `x-answer`. The answers stand in authorizer-answers.json; in their texts `{methodArn}`,
 * `{stageArn}`, `{event}` and `{calls}` are filled in, the last one counting the calls with this very name.
 */

const calls = new Map();

export async function handler(event) {
  return answerTo(event);
}

/** The older style of functions. */
export function callbackHandler(event, _context, callback) {
  try {
    callback(null, answerTo(event));
  } catch (error) {
    callback(error.message);
  }
}

/** Never answers: the function's own timeout ends it. */
export function hangingHandler() {
  return new Promise(() => setInterval(() => {}, 1000));
}

function answerTo(event) {
  const asked = wantedAnswer(event);
  const count = (calls.get(asked) ?? 0) + 1;
  calls.set(asked, count);
  const name = asked.split("/", 1)[0];
  if (name === "flaky" && count === 1) throw new Error("Unauthorized");
  if (name === "broken-once" && count === 1) throw new Error("not yet");
  const answer = answers[name === "flaky" || name === "broken-once" ? "allow" : name];
  if (answer === undefined) throw new Error(`no answer is called ${name}`);
  if (answer.$throw !== undefined) throw new Error(answer.$throw);
  return fill(answer.$return === undefined ? answer : answer.$return, {
    methodArn: event.methodArn,
    stageArn: event.methodArn.split("/").slice(0, 2).join("/"),
    event: JSON.stringify(event),
    calls: String(count),
  });
}

function wantedAnswer(event) {
  if (event.type === "TOKEN") return event.authorizationToken.replace(/^Bearer /, "");
  const header = Object.entries(event.headers).find(([name]) => name.toLowerCase() === "x-answer");
  return header?.[1] ?? "allow";
}

function fill(value, texts) {
  if (typeof value === "string")
    return value.replace(/\{(methodArn|stageArn|event|calls)\}/g, (_, name) => texts[name]);
  if (Array.isArray(value)) return value.map((each) => fill(each, texts));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each, texts)]));
}
