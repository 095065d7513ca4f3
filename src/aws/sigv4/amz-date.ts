const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Epoch milliseconds of `YYYYMMDDTHHMMSSZ`, ISO 8601's basic format; undefined for anything else, a 30th of February too. */
export function parseAmzDate(text: string): number | undefined {
  if (text.length !== 16 || text[8] !== "T" || text[15] !== "Z") return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 4, 6);
  const day = digits(text, 6, 8);
  const hour = digits(text, 9, 11);
  const minute = digits(text, 11, 13);
  const second = digits(text, 13, 15);
  const days = month === 2 && !isLeap(year) ? 28 : (DAYS[month - 1] ?? 0);
  // What is no number is in no range; Date.UTC takes the years before 100 for 1900 and later.
  const isReal = year >= 100 && day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
  return isReal ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined;
}

function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** `YYYYMMDDTHHMMSSZ`, cut to the second. */
export function formatAmzDate(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:]|\.\d+/g, "");
}
