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
const product = (left, right) => computed(OPERATIONS["*"], left, right);

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

/** A decimal with its whole digits in groups of three. */
function grouped(decimal) {
  return decimal.replace(/(?<!\..*)\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A number with that many decimals, halves rounded away from zero. */
function rounded(number, digits) {
  const [a, b] = fraction(number);
  return decimal((2n * a * 10n ** BigInt(digits) + (a < 0n ? -b : b)) / (2n * b), digits);
}

/** A count with thousands separators; one decimal if it is not whole. */
function counted(number) {
  return grouped(Array.isArray(number) ? rounded(number, 1) : String(number));
}

/** Three digits and a unit of thousands; all digits of what has more in the largest unit. */
const compact = new Intl.NumberFormat("en", {
  notation: "compact", useGrouping: false, roundingPriority: "morePrecision",
  minimumSignificantDigits: 3, maximumSignificantDigits: 3, maximumFractionDigits: 0,
});

/** A count as papers print it: three significant digits and a unit. */
function scaled(number) {
  const [a, b] = fraction(number), whole = a / b;
  if (whole > -1000n && whole < 1000n) return counted(number);
  return compact.format(whole).replace("B", "G").replace(/(?=\D$)/, " ");
}

/** A part of one in per cent. */
function inPercent(part) {
  const [a, b] = fraction(part);
  return rounded([100n * a, b], 2);
}

/** A part of a total in per cent, as in MobileNetV1's Table 2; 0 if there is no total. */
function share(part, total) {
  return inPercent(quotient(part, total));
}

/** A number with at least that many significant digits, halves rounded away from zero. */
function significant(number, digits = 3) {
  const [a, b] = fraction(number), size = a < 0n ? -a : a;
  if (!a) return "0";
  const places = size < b
    ? digits - 1 + String((b - 1n) / size).length
    : digits - String(size / b).length;
  return grouped(rounded(number, Math.max(places, 0)));
}

/** A positive share in per cent, never shown as none. */
function percentText(part) {
  const text = inPercent(part);
  return Number(text) ? `${text} %` : "less than 0.01 %";
}

/** A ratio to a baseline in words: ``8.00 × fewer``. */
function ratioText(ratio) {
  const way = compared(ratio, 1);
  if (!way) return "the same";
  if (!compared(ratio, 0)) return "none";
  const [side, factor, change] = way > 0
    ? ["more", ratio, difference(ratio, 1)]
    : ["fewer", quotient(1, ratio), difference(1, ratio)];
  const text = rounded(factor, 2);
  if (text === "1.00") return `${percentText(change)} ${side}`;
  return `${text.length > 4 ? rounded(factor, 1) : text} × ${side}`;
}

/** Dimensions of a filter or a feature map: ``3 × 3 × 64 dw``. */
function dimensions(sizes, suffix = "", times = " × ") {
  return sizes.join(times) + suffix || "scalar";
}
