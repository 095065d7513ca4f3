/** Longer files are shown as a whole: comparing takes time that grows with the square of the changed part. */
const MAX_COMPARED_LINES = 2_000;
const CONTEXT_LINES = 3;

/** The change of a text as `diff -u` shows it; "" when there is none. */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return "";
  const steps = diffLines(linesOf(before), linesOf(after));
  const hunks: string[] = [];
  let at = 0;
  while (at < steps.length) {
    const first = steps.findIndex(({ sign }, index) => index >= at && sign !== " ");
    if (first < 0) break;
    let last = first;
    for (let index = first; index < steps.length && index <= last + 2 * CONTEXT_LINES; index++) {
      if (steps[index]!.sign !== " ") last = index;
    }
    const from = Math.max(at, first - CONTEXT_LINES);
    const to = Math.min(steps.length, last + 1 + CONTEXT_LINES);
    hunks.push(hunk(steps, from, to));
    at = to;
  }
  return `--- ${file}\n+++ ${file}\n${hunks.join("")}`;
}

interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

function hunk(steps: readonly Step[], from: number, to: number): string {
  const count = (part: readonly Step[], sign: Step["sign"]): number => part.filter((step) => step.sign !== sign).length;
  const [ahead, shown] = [steps.slice(0, from), steps.slice(from, to)];
  const range = (sign: Step["sign"]): string => {
    const lines = count(shown, sign);
    return `${count(ahead, sign) + (lines > 0 ? 1 : 0)},${lines}`;
  };
  return `@@ -${range("+")} +${range("-")} @@\n${shown.map(({ sign, line }) => `${sign}${line}\n`).join("")}`;
}

/** By the longest common subsequence of what is between the equal ends. */
function diffLines(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail++;
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  const same = (line: string): Step => ({ sign: " ", line });
  return [...before.slice(0, head).map(same), ...diffMiddle(old, now), ...before.slice(before.length - tail).map(same)];
}

function diffMiddle(old: readonly string[], now: readonly string[]): Step[] {
  const removed = (line: string): Step => ({ sign: "-", line });
  const added = (line: string): Step => ({ sign: "+", line });
  if (old.length > MAX_COMPARED_LINES || now.length > MAX_COMPARED_LINES)
    return [...old.map(removed), ...now.map(added)];
  // lengths[i][j]: of the longest common subsequence of what follows old[i] and now[j]
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        old[i] === now[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      steps.push({ sign: " ", line: old[i]! });
      i++;
      j++;
    } else if (j >= now.length || (i < old.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      steps.push(removed(old[i++]!));
    else steps.push(added(now[j++]!));
  }
  return steps;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
