/* Where things are on the dial, the timeline and under the brush: numbers in, numbers out, and nothing of the page. */

const HOUR = 30;
const SNAP = 6; /* degrees around an hour in which the hand snaps to it */

/* Degrees clockwise from up of a point beside the clock's middle, snapped to a near hour unless it is to be free. */
export function pointedAt(x, y, free) {
  const pointed = (Math.atan2(x, -y) * 180) / Math.PI;
  const hour = HOUR * Math.round(pointed / HOUR);
  return !free && Math.abs(pointed - hour) <= SNAP ? hour : pointed;
}

/* Whole degrees within a turn, 0 to 359. */
export function wholeDegrees(degrees) {
  return ((Math.round(degrees) % 360) + 360) % 360;
}

/* Where a step leads: large ones go from hour to hour. */
export function stepped(degrees, step) {
  return Math.abs(step) < HOUR ? degrees + step : HOUR * Math.round(degrees / HOUR) + step;
}

/* The hour that a hand stands on, 1 to 12; null between hours. */
export function hourAt(degrees) {
  const hours = degrees / HOUR;
  return Math.abs(hours - Math.round(hours)) < 0.02 ? Math.round(hours) % 12 || 12 : null;
}

const thousandths = (time) => Math.round(1000 * time) / 1000;

/* Key frames after one was dragged to a time: it stays between its neighbours, as far from them as it must be. */
export function dragged(keys, index, time, least) {
  const low = index ? keys[index - 1].time + least : 0;
  const high = index < keys.length - 1 ? keys[index + 1].time - least : 1;
  return keys.map((key, at) => (at === index ? { ...key, time: thousandths(Math.min(high, Math.max(low, time))) } : key));
}

/* Key frames with one more at a time, in the light of the one before; null where another is too near. */
export function inserted(keys, time, least) {
  if (keys.some((key) => Math.abs(key.time - time) < least)) return null;
  const before = keys.filter((key) => key.time <= time).pop() || keys[0];
  return [...keys, { time: thousandths(time), style: before.style }].sort((a, b) => a.time - b.time);
}

/* The middle of the widest part of the clip without a key frame. */
export function widestGap(keys) {
  const gaps = keys.map((key, index) => [(index < keys.length - 1 ? keys[index + 1].time : 1) - key.time, key.time]);
  if (keys[0].time > 0) gaps.push([keys[0].time, 0]);
  const [gap, from] = gaps.sort((a, b) => b[0] - a[0])[0];
  return Math.min(1, from + gap / 2);
}

const FINEST = 0.004; /* diameters as fractions of the long side: from a hair to half the sky */
const WIDEST = 0.4;

export function brushSize(size) {
  return Math.min(WIDEST, Math.max(FINEST, size));
}

/* The slider's place, 0 to 1, as a size and back: sizes grow by factors. */
export const sizeOf = (value) => FINEST * Math.pow(WIDEST / FINEST, value);
export const valueOf = (size) => Math.log(size / FINEST) / Math.log(WIDEST / FINEST);

/* Whether two points of a stroke, in fractions of a picture, lie within two pixels of each other. */
export function near(a, b, width, height) {
  return Math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height) < 2;
}

/* How wide a soft stroke is drawn and blurred, in pixels. */
export function strokeLook(stroke, longest) {
  const diameter = stroke.size * longest;
  return { width: Math.max(1, diameter * (1 - stroke.softness / 2)), blur: (diameter * stroke.softness) / 6 };
}

/* Where a zoomed picture may lie: it covers the room where it is larger, and does not move where it is smaller. */
export function heldWithin(value, start, size, from, room) {
  return size <= room ? 0 : Math.min(from - start, Math.max(from + room - size - start, value));
}
