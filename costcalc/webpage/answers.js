// What the tape answers at the settings of now: a network's structure, its rows and its costs.

/** The rows of a network, which data.py writes with what they share. */
function readRows({rows, bodies, texts, shapes}) {
  const made = [];
  for (let at = 0; at < rows.length; at += 3) {
    const [name, above, body] = rows.slice(at, at + 3);
    const [title, type, filter, suffix, input, output, counts, free, formulas] = bodies[body];
    const isSum = name < 0, word = texts[isSum ? ~name : name];
    const block = above ? made[made.length - above] : null;
    made.push({
      path: block ? `${block.path}/${word}` : word, depth: block ? block.depth + 1 : 0, isSum,
      title: texts[title] ?? word.split("/").at(-1), type: texts[type],
      filter: shapes[filter], suffix: texts[suffix], input: shapes[input], output: shapes[output],
      counts, free, formulas,
    });
  }
  return made;
}

/** The network at the settings of the controls: its structure, or why there is none. */
function answer(network) {
  try {
    const at = (index) => read(controls[index], controls[index].value);
    const leaf = network.tape.at(network.choices.map(at), network.numbers.map(at));
    if (leaf >= 0) return answerOf(network, network.structures[leaf]);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a number grows too large
  }
  return {refusal: "this page does not hold the network at these settings; costcalc does."};
}

function answerOf(network, structure) {
  if (!Array.isArray(structure[0])) return {refusal: messageOf(network, structure)};
  const [rows, types, totals, notes, input, level, memory, times] = structure;
  return {
    rows: inRuns(rows).map((index) => network.rows[index]),
    types: types.map((index) => network.types[index]),
    totals: costsOf(network, totals),
    everyTotal: valuesOf(network, totals),
    notes: network.texts[notes[shownCount()]],
    input: network.shapes[input],
    level,
    memory,
    times,
  };
}

/** A message, of whose parts some are numbers: a cell, and the form of its digits. */
function messageOf(network, parts) {
  const written = ([cell, form]) => (form ? counted : writeExact)(network.tape.value(cell));
  return parts.map((part) => typeof part === "string" ? part : written(part)).join("");
}

/** The numbers of runs, from their starts and lengths. */
function inRuns(runs) {
  const numbers = [];
  for (let at = 0; at < runs.length; at += 2) {
    for (let step = 0; step < runs[at + 1]; step += 1) numbers.push(runs[at] + step);
  }
  return numbers;
}

function valuesOf(network, cells) {
  return cells.map((cell) => network.tape.value(cell));
}

function sizeText(network, cells, suffix = "", times = " × ") {
  return cells === undefined ? "" : dimensions(valuesOf(network, cells), suffix, times);
}

const NO_COSTS = ["", "", "", ""];

/** Costs with their shares, as four cells; empty for a layer that is not counted. */
function costTexts(counts, totals) {
  return counts.length
    ? counts.flatMap((count, index) => [counted(count), share(count, totals[index])])
    : NO_COSTS;
}

/** The costs of a row under the convention that is shown. */
function costsOf(network, counts) {
  return valuesOf(network, shownOf(counts));
}

/** The two counts under the convention that is shown. */
function shownOf(counts) {
  return counts.slice(2 * shownCount(), 2 * shownCount() + 2);
}
