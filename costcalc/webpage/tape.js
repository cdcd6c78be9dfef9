"use strict";

// A tape replayed: the value of any number of the page at any settings, exactly.
//
// A number is a safe integer; beyond these a bigint; and [numerator, denominator] in lowest
// terms, two bigints, if it is not whole.

/** The bits of the largest number: limits.BITS of spec/limits.py. */
const BITS = 1024n;

function divisor(a, b) {
  while (b) [a, b] = [b, a % b];
  return a < 0 ? -a : a;
}

/** The quotient of two bigints. */
function ratio(above, below) {
  if (below === 0n) throw new RangeError("division by zero");
  const shared = below === 1n ? 1n : divisor(above, below) * (below < 0n ? -1n : 1n);
  const [n, d] = [above / shared, below / shared];
  if ((n < 0n ? -n : n) >> BITS || d >> BITS) throw new RangeError("the number grows too large");
  if (d !== 1n) return [n, d];
  return Number.isSafeInteger(Number(n)) ? Number(n) : n;
}

/** The quotient of two bigints, rounded down. */
function floored(above, below) {
  if (below === 0n) throw new RangeError("division by zero");
  const isBelow = above % below !== 0n && above < 0n !== below < 0n;
  return ratio(above / below - (isBelow ? 1n : 0n), 1n);
}

/** Each operation on two safe integers, and on the fractions a / b and c / d. The result of
    the first counts if it is a safe integer, which a rounded one never is. */
const OPERATIONS = {
  "+": [(a, c) => a + c, (a, b, c, d) => ratio(a * d + c * b, b * d)],
  "-": [(a, c) => a - c, (a, b, c, d) => ratio(a * d - c * b, b * d)],
  "*": [(a, c) => a * c, (a, b, c, d) => ratio(a * c, b * d)],
  "/": [(a, c) => (a % c ? NaN : a / c), (a, b, c, d) => ratio(a * d, b * c)],
  "F": [(a, c) => Math.floor(a / c), (a, b, c, d) => floored(a * d, b * c)],
  "U": [Math.max, (a, b, c, d) => (a * d < c * b ? ratio(c, d) : ratio(a, b))],
  "L": [Math.min, (a, b, c, d) => (a * d < c * b ? ratio(a, b) : ratio(c, d))],
  "B": [(a, c) => +(a < c), (a, b, c, d) => +(a * d < c * b)],
  "=": [(a, c) => +(a === c), (a, b, c, d) => +(a * d === c * b)],
  "G": [divisor, (a, b, c, d) => ratio(divisor(a, c), 1n)],
};

function computed([quick, exact], x, y) {
  if (typeof x === "number" && typeof y === "number") {
    const value = quick(x, y);
    if (Number.isSafeInteger(value)) return value + 0; // -0 becomes 0
  }
  const [a, b] = Array.isArray(x) ? x : [BigInt(x), 1n];
  const [c, d] = Array.isArray(y) ? y : [BigInt(y), 1n];
  return exact(a, b, c, d);
}

/** The number of a text such as 160, 0.35, 1e6 or 7/20; null if it is none. */
function parseExact(text) {
  const ratioed = /^(-?[0-9]{1,30})\s*\/\s*([0-9]{1,30})$/.exec(text);
  if (ratioed) return BigInt(ratioed[2]) ? ratio(BigInt(ratioed[1]), BigInt(ratioed[2])) : null;
  const match = /^([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,2}))?$/.exec(text);
  const digits = match ? match[2] + match[3] : "";
  const power = match ? Number(match[4] || 0) - match[3].length : 0;
  if (!digits || digits.length > 30 || Math.abs(power) > 60) return null;
  const above = BigInt(digits) * (match[1] === "-" ? -1n : 1n);
  return power < 0 ? ratio(above, 10n ** BigInt(-power)) : ratio(above * 10n ** BigInt(power), 1n);
}

/** The text of a number as a spec writes it: a fraction as a decimal if it has an end. */
function writeExact(number) {
  if (!Array.isArray(number)) return String(number);
  const [above, below] = number;
  let places = 0;
  for (let power = 1n; power % below && places < 400; power *= 10n) places += 1;
  if (10n ** BigInt(places) % below) return `${above}/${below}`;
  return decimal(above * 10n ** BigInt(places) / below, places);
}

/** The text of a number with that many decimals, from all its digits. */
function decimal(digits, places) {
  if (!places) return String(digits);
  const text = String(digits < 0n ? -digits : digits).padStart(places + 1, "0");
  return `${digits < 0n ? "-" : ""}${text.slice(0, -places)}.${text.slice(-places)}`;
}

/** The program that tape/writer.py writes. at() says where some settings lead, and value()
    computes a number there: only what it needs, and once. */
function openTape(data) {
  const bounds = data.parameters.map(([, low, high, isWhole]) => [readConstant(low), readConstant(high), isWhole]);
  const roots = new Map(data.trees.map(([chosen, root]) => [chosen.join("\n"), root]));
  const [nodes, constants] = readCode(data);
  let known = [];

  function value(cell) {
    const waiting = [cell];
    while (waiting.length) {
      const node = waiting.at(-1);
      if (known[node] === undefined) {
        const [operation, left, right] = nodes[node];
        const [a, b] = [known[left], known[right]];
        if (a === undefined) waiting.push(left);
        if (b === undefined) waiting.push(right);
        if (a === undefined || b === undefined) continue;
        known[node] = computed(operation, a, b);
      }
      waiting.pop();
    }
    return known[cell];
  }

  /** The number of the structure at the values of the choices, as text, and of the
      parameters; -1 if none is recorded there, or a parameter is out of its bounds. */
  function at(choices, numbers) {
    known = Object.assign([...constants], numbers);
    const isInside = bounds.every(([low, high, isWhole], i) =>
      !isLess(numbers[i], low) && !isLess(high, numbers[i]) && !(isWhole && Array.isArray(numbers[i])));
    let place = isInside ? roots.get(choices.join("\n")) ?? -1 : -1;
    try {
      while (place < -1) {
        const branch = 3 * (-place - 2);
        place = data.branches[branch + 1 + value(data.branches[branch])];
      }
    } catch (error) {
      if (error instanceof RangeError) return -1;
      throw error;
    }
    return place;
  }

  return { at, value };
}

/** The nodes, each an operation and its operands, and the values of those that are constants. */
function readCode({parameters, constants, code}) {
  const nodes = [...parameters], values = [], operands = [];
  const waiting = constants.map(readConstant);
  for (const [word] of code.matchAll(/[0-9a-z]+|\S/g)) {
    if (word === "C") values[nodes.length] = waiting.shift();
    const taken = word in OPERATIONS ? operands.splice(-2) : [];
    operands.push(/[0-9a-z]/.test(word) ? parseInt(word, 36) : nodes.push([OPERATIONS[word], ...taken]) - 1);
  }
  return [nodes, values];
}

const isLess = (a, b) => computed(OPERATIONS["B"], a, b) === 1;
const readConstant = (number) => (typeof number === "number" ? number : parseLong(number));

/** A number of any length as the writer writes it. */
function parseLong(text) {
  const [above, below] = text.split("/");
  return ratio(BigInt(above), BigInt(below ?? 1));
}
