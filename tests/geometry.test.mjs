/* Dial, timeline and brush: `node --test tests/geometry.test.mjs`; pytest runs it where node is there. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  brushSize, dragged, heldWithin, hourAt, inserted, near, pointedAt, sizeOf, stepped, strokeLook, valueOf, wholeDegrees, widestGap,
} from "../landscape/ui/static/geometry.js";

const DAY = [{ time: 0, style: "a" }, { time: 0.5, style: "b" }, { time: 1, style: "c" }];

test("the hand points where the pointer is, clockwise from up", () => {
  assert.equal(pointedAt(0, -10, true), 0);
  assert.equal(pointedAt(10, 0, true), 90);
  assert.equal(wholeDegrees(pointedAt(-10, 0, true)), 270);
});

test("near an hour the hand snaps to it, unless it is to be free", () => {
  const [x, y] = [Math.sin(0.6), -Math.cos(0.6)]; /* 34.4 degrees */
  assert.equal(pointedAt(x, y, false), 30);
  assert.ok(Math.abs(pointedAt(x, y, true) - 34.377) < 0.001);
  assert.ok(Math.abs(pointedAt(Math.sin(0.75), -Math.cos(0.75), false) - 42.972) < 0.001);
});

test("degrees stay within a turn and hours are known", () => {
  assert.deepEqual([-30, 360, 725.4, 359.6].map(wholeDegrees), [330, 0, 5, 0]);
  assert.deepEqual([0, 90, 359.7, 45].map(hourAt), [12, 3, 12, null]);
});

test("large steps go from hour to hour, small ones do not", () => {
  assert.equal(stepped(97, 30), 120);
  assert.equal(stepped(97, -30), 60);
  assert.equal(stepped(97, 5), 102);
});

test("a key frame is dragged no farther than its neighbours", () => {
  assert.equal(dragged(DAY, 1, 0.7123456, 0.02)[1].time, 0.712);
  assert.equal(dragged(DAY, 1, 3, 0.02)[1].time, 0.98);
  assert.equal(dragged(DAY, 1, -3, 0.02)[1].time, 0.02);
  assert.equal(dragged(DAY, 2, 3, 0.02)[2].time, 1);
  assert.equal(DAY[1].time, 0.5, "what was given stays as it was");
});

test("a new key frame has the light of the one before and keeps its distance", () => {
  assert.deepEqual(inserted(DAY, 0.7, 0.02)[2], { time: 0.7, style: "b" });
  assert.equal(inserted(DAY, 0.51, 0.02), null);
  assert.deepEqual(inserted([{ time: 0.5, style: "b" }], 0.1, 0.02)[0], { time: 0.1, style: "b" });
});

test("the widest gap is found, also before the first and behind the last", () => {
  assert.equal(widestGap(DAY), 0.25);
  assert.equal(widestGap([{ time: 0.8, style: "a" }]), 0.4);
  assert.equal(widestGap([{ time: 0.1, style: "a" }]), 0.55);
});

test("sizes of the brush grow by factors, there and back, within their ends", () => {
  for (const value of [0, 0.3, 1]) assert.ok(Math.abs(valueOf(sizeOf(value)) - value) < 1e-9);
  assert.ok(Math.abs(sizeOf(0.5) ** 2 - sizeOf(0) * sizeOf(1)) < 1e-9);
  assert.deepEqual([0, 0.1, 9].map(brushSize), [sizeOf(0), 0.1, 0.4]);
});

test("points closer than two pixels are one, and soft strokes are narrower and blurred", () => {
  assert.ok(near([0.5, 0.5], [0.501, 0.5], 1000, 500) && !near([0.5, 0.5], [0.503, 0.5], 1000, 500));
  assert.deepEqual(strokeLook({ size: 0.1, softness: 0 }, 1000), { width: 100, blur: 0 });
  assert.deepEqual(strokeLook({ size: 0.06, softness: 0.5 }, 1000), { width: 45, blur: 5 });
});

test("a zoomed picture covers its room", () => {
  assert.equal(heldWithin(50, 10, 80, 0, 100), 0, "it is smaller than the room");
  assert.equal(heldWithin(50, 10, 200, 0, 100), -10, "no gap before it");
  assert.equal(heldWithin(-500, 10, 200, 0, 100), -110, "nor behind it");
  assert.equal(heldWithin(-40, 10, 200, 0, 100), -40);
});
