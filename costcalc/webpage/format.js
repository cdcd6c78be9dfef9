"use strict";

// Numbers as text: the rules of render/formatting.py, which the tests hold together.
//
// A number is exact: a safe integer, a bigint, or [numerator, denominator] as bigints.

/** A number as a numerator and a denominator above zero, both bigints. */
function fraction(number) {
  return Array.isArray(number) ? number : [BigInt(number), 1n];
}

// The arithmetic is the tape's.
const difference = (left, right) => computed(OPERATIONS["-"], left, right);
const sum = (left, right) => computed(OPERATIONS["+"], left, right);

/** An exact quotient; 0 if there is nothing to divide by. */
function quotient(above, below) {
  return compared(below, 0) ? computed(OPERATIONS["/"], above, below) : 0;
}

/** The nearest float, for a picture. */
function approximate(number) {
  return Array.isArray(number) ? Number(number[0]) / Number(number[1]) : Number(number);
}

/** -1, 0 or 1: how two numbers compare. */
function compared(left, right) {
  return isLess(right, left) - isLess(left, right);
}

/** Whole digits in groups of three. */
function grouped(digits) {
  return digits.replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
}

/** A ratio with that many decimals, halves rounded away from zero. */
function rounded(number, digits) {
  const [a, b] = fraction(number);
  const size = a < 0n ? -a : a, scale = 10n ** BigInt(digits);
  const whole = (2n * size * scale + b) / (2n * b);
  const sign = a < 0n && whole > 0n ? "-" : "";
  if (!digits) return `${sign}${whole}`;
  return `${sign}${whole / scale}.${String(whole % scale).padStart(digits, "0")}`;
}

/** A count with thousands separators; one decimal if it is not whole. */
function counted(number) {
  if (!Array.isArray(number) || number[0] % number[1] === 0n) {
    const whole = String(Array.isArray(number) ? number[0] / number[1] : number);
    return whole.startsWith("-") ? `-${grouped(whole.slice(1))}` : grouped(whole);
  }
  const [whole, decimals] = rounded(number, 1).split(".");
  return `${grouped(whole)}.${decimals}`;
}

const SCALES = [["T", 10n ** 12n], ["G", 10n ** 9n], ["M", 10n ** 6n], ["K", 1000n]];

/** A count as papers print it: three significant digits and a unit. */
function scaled(number) {
  const [a, b] = fraction(number), size = a < 0n ? -a : a;
  for (const [index, [unit, scale]] of SCALES.entries()) {
    if (size < scale * b) continue;
    const ratio = [a, b * scale];
    const digits = size < 10n * scale * b ? 2 : size < 100n * scale * b ? 1 : 0;
    let text = rounded(ratio, digits);
    if (text.replace("-", "") === "1000" && index) return `1.00 ${SCALES[index - 1][0]}`;
    if (text.replace(/[-.]/g, "").length > 3 && digits) text = rounded(ratio, digits - 1);
    return `${text} ${unit}`;
  }
  return counted(number);
}

/** A part of a total in per cent, as in MobileNetV1's Table 2; 0 if there is no total. */
function share(part, total) {
  const areSmall = typeof part === "number" && typeof total === "number";
  const twice = areSmall ? 20000 * part + total : NaN;
  if (Number.isSafeInteger(twice) && total > 0 && part >= 0) {
    const whole = String(Math.floor(twice / (2 * total))).padStart(3, "0");
    return `${whole.slice(0, -2)}.${whole.slice(-2)}`;
  }
  const [a, b] = fraction(quotient(part, total));
  return rounded([100n * a, b], 2);
}

/** A number with at least that many significant digits, halves rounded away from zero. */
function significant(number, digits = 3) {
  let [a, b] = fraction(number), places = digits - 1;
  if (a === 0n) return "0";
  for (let size = a < 0n ? -a : a; size >= 10n * b; b *= 10n) places -= 1;
  b = fraction(number)[1];
  for (let size = a < 0n ? -a : a; size < b; size *= 10n) places += 1;
  const [whole, decimals] = rounded(number, Math.max(places, 0)).split(".");
  return grouped(whole) + (decimals === undefined ? "" : `.${decimals}`);
}

/** A positive share in per cent, never shown as none. */
function percentText(part) {
  const [a, b] = fraction(part);
  const text = rounded([100n * a, b], 2);
  return Number(text) ? `${text} %` : "less than 0.01 %";
}

/** A ratio to a baseline in words: ``8.00 × fewer``. */
function ratioText(ratio, less = "fewer") {
  if (ratio === null) return "more than none";
  const [a, b] = fraction(ratio);
  if (a === b) return "the same";
  if (a === 0n) return "none";
  const side = a > b ? "more" : less, factor = a > b ? [a, b] : [b, a];
  if (rounded(factor, 2) === "1.00") {
    return `${percentText([a > b ? a - b : b - a, b])} ${side}`;
  }
  const text = rounded(factor, 2);
  return `${text.length === 4 ? text : rounded(factor, 1)} × ${side}`;
}

/** Dimensions of a filter or a feature map: ``3 × 3 × 64 dw``. */
function dimensions(sizes, suffix = "", times = " × ") {
  return sizes.join(times) + suffix || "scalar";
}
