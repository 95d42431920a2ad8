// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { countryName, numericCode, step } from "./iso";
import { evenHours, newest } from "./newest";

test("the feed has each event once, newest first", () => {
  const row = (seq: number) => ({ id: String(seq), seq });
  expect(newest([row(3), row(4)], [row(3), row(1)], 3).map((one) => one.seq)).toEqual([4, 3, 1]);
  expect(newest([row(3), row(4)], [row(2)], 1)).toEqual([row(4)]);
});

test("hours without events are there as zero", () => {
  const hours = [{ at: "2026-11-30T04:00:00.000000000Z", events: 7 }];
  const { times, values } = evenHours(hours, "2026-11-29T06:30:00Z", "2026-11-30T06:30:00Z");
  expect(times).toHaveLength(25);
  expect(new Set(times.slice(1).map((time, index) => time - times[index]!))).toEqual(new Set([3600]));
  expect(values.reduce((sum, value) => sum + value, 0)).toBe(7);
  expect(values[times.indexOf(Date.parse("2026-11-30T04:00:00Z") / 1000)]).toBe(7);
});

test("a long time is shown by day, and all time begins with the first event", () => {
  const hours = [
    { at: "2026-11-01T04:00:00Z", events: 1 },
    { at: "2026-11-01T05:00:00Z", events: 2 },
  ];
  const { times, values } = evenHours(hours, "1970-01-01T00:00:00Z", "2026-11-30T06:30:00Z");
  expect(times).toHaveLength(30);
  expect(values[0]).toBe(3);
});

test("countries have names and numbers, others keep their code", () => {
  expect([numericCode("de"), countryName("DE")]).toEqual(["276", "Germany"]);
  expect([numericCode("QQ"), countryName("<b>")]).toEqual([undefined, "<b>"]);
  expect([step(1, 100), step(100, 100), step(1, 1)]).toEqual([1, 5, 5]);
});
