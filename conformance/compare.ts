/**
 * Compares what was answered with what is wanted, by member of `then`: objects must hold at least the wanted members,
 * lists and plain values must be equal. `{"$absent": true}` wants nothing there, `{"$matches": "re"}` a text,
 * `{"$type": "number"}` a value of that kind, `{"$not": x}` a value other than x, `{"$exactly": {…}}` an object without further members,
 * `{"$sameAs": "headers.x"}` what the answer holds there.
 */
export function differences(wanted: unknown, found: unknown, path = "", answer: unknown = found): readonly string[] {
  const at = path === "" ? "the answer" : path;
  if (isObject(wanted)) {
    if (wanted.$absent === true) return found === undefined ? [] : [`${at} is ${show(found)}, wanted nothing`];
    if (typeof wanted.$matches === "string") {
      return typeof found === "string" && new RegExp(wanted.$matches).test(found)
        ? []
        : [`${at} is ${show(found)}, wanted text like ${wanted.$matches}`];
    }
    if ("$not" in wanted) {
      return found !== undefined && !Object.is(wanted.$not, found) ? [] : [`${at} is ${show(found)}, wanted another`];
    }
    if (typeof wanted.$type === "string") {
      return typeof found === wanted.$type ? [] : [`${at} is ${show(found)}, wanted a ${wanted.$type}`];
    }
    if (typeof wanted.$sameAs === "string") {
      const other = memberOf(answer, wanted.$sameAs);
      return other !== undefined && Object.is(other, found)
        ? []
        : [`${at} is ${show(found)}, ${wanted.$sameAs} is ${show(other)}`];
    }
    if (isObject(wanted.$exactly)) {
      const { $exactly } = wanted;
      const extra = isObject(found) ? Object.keys(found).filter((name) => !Object.hasOwn($exactly, name)) : [];
      const more = extra.map((name) => `${at} has ${name} too, wanted ${Object.keys($exactly).join(", ")} only`);
      return [...more, ...differences($exactly, found, path, answer)];
    }
    if (!isObject(found)) return [`${at} is ${show(found)}, wanted ${show(wanted)}`];
    return Object.entries(wanted).flatMap(([name, value]) =>
      differences(value, own(found, name), path === "" ? name : `${path}.${name}`, answer),
    );
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length)
      return [`${at} is ${show(found)}, wanted ${show(wanted)}`];
    return wanted.flatMap((value, index) => differences(value, found[index], `${path}[${index}]`, answer));
  }
  return Object.is(wanted, found) ? [] : [`${at} is ${show(found)}, wanted ${show(wanted)}`];
}

/** `json.requestContext.requestId`; header names have no dots. */
function memberOf(answer: unknown, path: string): unknown {
  return path.split(".").reduce((holder, name) => (isObject(holder) ? own(holder, name) : undefined), answer);
}

function own(holder: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
