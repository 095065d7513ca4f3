import { expect, test } from "vitest";
import { formatAmzDate, parseAmzDate } from "./amz-date.ts";

test.each(["20150830T123600Z", "20240229T000000Z", "20000229T235959Z", "99991231T235959Z"])("%s is a date", (text) => {
  const epochMs = parseAmzDate(text);
  expect(new Date(epochMs!).toISOString().replace(/[-:]|\.000/g, "")).toBe(text);
  expect(formatAmzDate(epochMs! + 999)).toBe(text);
});

test.each([
  ...[
    "",
    "20150830",
    "2015-08-30T12:36:00Z",
    "20150830T123600",
    "20150830T123600.000Z",
    "20150830t123600z",
    " 20150830T123600Z",
  ],
  ...[
    "20150230T000000Z",
    "20230229T000000Z",
    "19000229T000000Z",
    "20151301T000000Z",
    "20150001T000000Z",
    "20150100T000000Z",
  ],
  ...[
    "20150830T240000Z",
    "20150830T126000Z",
    "20150830T123660Z",
    "2015083xT123600Z",
    "+0150830T123600Z",
    "00500830T123600Z",
  ],
])("%j is none", (text) => {
  expect(parseAmzDate(text)).toBeUndefined();
});
