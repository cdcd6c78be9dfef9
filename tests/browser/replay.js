"use strict";
// Replays programs with the page's own interpreter: reads JSON with its source, the data of
// programs and the points to replay; writes where each leads, and the numbers there, as text.

const { source, programs, points } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const { openTape, parseExact, writeExact } = new Function(
  `${source}\nreturn { openTape, parseExact, writeExact };`,
)();
const tapes = programs.map(openTape);
const shown = (number) =>
  Array.isArray(number) ? number.join("/") : Object.is(number, -0) ? "-0" : String(number);
const answers = points.map(({ program, choices, numbers, cells }) => {
  const parsed = numbers.map(parseExact);
  const leaf = tapes[program].at(choices, parsed);
  const values = leaf < 0 ? [] : cells[leaf].map((cell) => shown(tapes[program].value(cell)));
  return { leaf, values, numbers: parsed.map(shown), texts: parsed.map(writeExact) };
});
process.stdout.write(JSON.stringify(answers));
