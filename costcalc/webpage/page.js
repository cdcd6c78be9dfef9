"use strict";

// The page: it reads its controls, asks the tape what they give, and writes what changed.
// Names come from files that nobody vouches for: they are only ever set as text.

const data = JSON.parse(document.getElementById("data").textContent);
const networks = data.networks.map((network, index) => ({
  ...network,
  tape: openTape(network.tape),
  rows: readRows(network),
  types: network.types.map(([type, family, layers, counts]) => ({
    type: network.texts[type], family: network.texts[family], layers, counts,
  })),
  section: byId(`network${index}`),
  lines: new Map(),
  folded: new Set(),
  explained: new Set(),
  focused: "",
}));
const state = {
  values: data.controls.map((control) => control.default),
  convention: 0,
  storage: 0,
  device: 0,
  network: 0,
  sort: "",
  find: "",
};

// The document

function byId(id) {
  return document.getElementById(id);
}

/** An element with attributes and children; text stays text. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Sets an element's text if it is another one: most cells stay as they are. */
function write(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

// Answers

/** The rows of a network, which data.py writes with what they share. */
function readRows({rows, bodies, texts, shapes}) {
  const made = [];
  for (let at = 0; at < rows.length; at += 3) {
    const [title, type, filter, suffix, input, output, counts, free, formulas] = bodies[rows[at + 2]];
    const depth = rows[at + 1];
    made.push({
      path: texts[rows[at]], title: texts[title], type: texts[type],
      depth: depth < 0 ? ~depth : depth, isSum: depth < 0,
      filter: shapes[filter], suffix: texts[suffix], input: shapes[input], output: shapes[output],
      counts, free, formulas,
    });
  }
  return made;
}

/** A control's value as the tape takes it; null if the text is none. */
function read(control, text) {
  if (control.kind === "choice") return control.values.includes(text) ? text : null;
  const number = parseExact(text.trim());
  if (number === null) return null;
  const [low, high] = [control.values[0], control.values.at(-1)].map(parseExact);
  const isInside = compared(number, low) >= 0 && compared(number, high) <= 0;
  return isInside && (control.kind !== "whole" || !Array.isArray(number)) ? number : null;
}

/** The network at the settings of the controls: its structure, or why there is none. */
function answer(network) {
  try {
    return answerAt(network);
  } catch (error) {
    if (error instanceof RangeError) return {refusal: OUTSIDE}; // a number grows too large
    throw error;
  }
}

function answerAt(network) {
  const at = (index) => read(data.controls[index], state.values[index]);
  const leaf = network.tape.at(network.choices.map(at), network.numbers.map(at));
  const structure = network.structures[leaf];
  if (structure === undefined) return {refusal: OUTSIDE};
  if (!Array.isArray(structure[0])) return {refusal: messageOf(network, structure)};
  const [rows, types, totals, notes, , level, memory, times] = structure;
  return {
    rows: inRuns(rows).map((index) => network.rows[index]),
    types: types.map((index) => network.types[index]),
    totals: costsOf(network, totals),
    cost: network.tape.value(totals[0]),
    notes: network.texts[notes[state.convention]],
    level,
    memory,
    times,
  };
}

const OUTSIDE = "this page does not hold the network at these settings; costcalc does.";

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

/** Costs with their shares, as four cells; empty for a layer that is not counted. */
function costTexts(counts, totals) {
  return counts.length
    ? counts.flatMap((count, index) => [counted(count), share(count, totals[index])])
    : ["", "", "", ""];
}

/** The costs of a row under the convention that is shown. */
function costsOf(network, counts) {
  return valuesOf(network, counts.slice(2 * state.convention, 2 * state.convention + 2));
}

// Drawing

let isWaiting = false;

/** Draws before the next frame, once for all that has happened until then. */
function draw() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    drawAll();
  });
}

function drawAll() {
  const convention = data.conventions[state.convention];
  write(byId("convention"), `${convention.name}: ${convention.title}`);
  const answers = networks.map(answer);
  drawRefusals(answers);
  drawTotals(answers);
  if (networks.length > 1) drawComparison(answers);
  drawAccuracies(answers);
  for (const [index, network] of networks.entries()) {
    network.section.hidden = index !== state.network || "refusal" in answers[index];
    if (!network.section.hidden) drawNetwork(network, answers[index]);
  }
}

function drawRefusals(answers) {
  const box = byId("refusal");
  const lines = answers.flatMap((each, index) =>
    "refusal" in each ? [`${networks[index].title}: ${each.refusal}`] : []);
  box.hidden = !lines.length;
  write(box, lines.join("\n"));
}

function drawTotals(answers) {
  const body = byId("totals").querySelector("tbody");
  const totals = answers.map((each) => each.totals);
  const base = networks.length > 1 ? totals[0] : networks[0].opening[state.convention];
  for (const [index, row] of [...body.rows].entries()) {
    const [, at, ...cells] = row.cells;
    write(at, settingsText(networks[index]));
    for (const [metric, cell] of cells.entries()) {
      const total = totals[index]?.[metric];
      const [short, long, ratio] = cell.children;
      write(short, total === undefined ? "–" : scaled(total));
      write(long, total === undefined ? "" : counted(total));
      const isBase = networks.length > 1 && index === 0;
      write(ratio, total === undefined || !base || isBase ? "" : ratioTo(total, base[metric]));
    }
  }
}

/** Moves the networks' lines in the chart of accuracies, which has the first convention. */
function drawAccuracies(answers) {
  const chart = document.querySelector("#accuracies svg");
  for (const [index, {cost}] of chart ? answers.entries() : []) {
    if (cost !== undefined) drawNow(chart, index, approximate(cost));
  }
}

function ratioTo(total, base) {
  const isOpening = networks.length === 1 && !compared(total, base);
  return compared(base, 0) && !isOpening ? ratioText(quotient(total, base)) : "";
}

function settingsText(network) {
  return [...network.numbers, ...network.choices]
    .sort((left, right) => left - right)
    .filter((index) => state.values[index] !== "")
    .map((index) => `${data.controls[index].name} = ${state.values[index]}`)
    .join(", ");
}

function drawNetwork(network, structure) {
  const {totals} = structure;
  drawLayers(network, structure);
  drawTypes(network, structure);
  for (const foot of network.section.querySelectorAll("tfoot tr")) {
    const cells = [...foot.cells].slice(-4);
    write(cells[0], counted(totals[0]));
    write(cells[2], counted(totals[1]));
  }
  for (const head of network.section.querySelectorAll(".unit")) {
    write(head.firstElementChild ?? head, data.conventions[state.convention].heading);
  }
  write(network.section.querySelector(".notes"), structure.notes);
  drawGraph(network, structure);
  if (data.storages.length) drawMemory(network, structure);
  if (data.devices.length) drawTimes(network, structure);
}

// The graph

function drawGraph(network, structure) {
  network.shown = structure;
  network.graph ??= openGraph(
    network.section.querySelector(".graph"), network.levels, network.texts,
    (rows) => figuresOf(network, rows.map((row) => network.shown.rows[row])),
    (rows) => drawChosen(network, rows.map((row) => network.shown.rows[row])),
  );
  const level = `${structure.level} ${structure.rows.length}`;
  if (network.level === level) network.graph.update();
  else {
    network.graph.show(structure.level, network.title);
    network.section.querySelector(".chosen-box").replaceChildren();
  }
  network.level = level;
}

/** What a box shows for some rows of the table: their cost, and the last one's output. */
function figuresOf(network, rows) {
  const costs = rows.map((row) => costsOf(network, row.counts)[0] ?? 0);
  const cost = costs.reduce(sum);
  return {
    cost: compared(cost, 0) ? scaled(cost) : "",
    shape: sizeText(network, rows.at(-1).output, "", "×"),
    weight: approximate(cost),
  };
}

/** Says what the chosen box of the graph costs, with the way to its row in the table. */
function drawChosen(network, rows) {
  const [multAdds, params] = [0, 1].map((metric) =>
    rows.map((row) => costsOf(network, row.counts)[metric] ?? 0).reduce(sum));
  const {heading} = data.conventions[state.convention];
  const text = `${rows.map((row) => row.path).join(", ")}: ${counted(multAdds)} ${heading}, ${counted(params)} Params `;
  const go = element("button", {type: "button", onclick: () => goToRow(network, rows[0])}, "show in the table");
  network.section.querySelector(".chosen-box").replaceChildren(text, go);
}

/** Shows a row of the table, and has the keyboard continue there. */
function goToRow(network, row) {
  for (const path of pathsAround(row.path)) network.folded.delete(path);
  state.find = state.sort = "";
  network.focused = row.path;
  drawAll();
  for (const other of network.lines.values()) other.classList.toggle("chosen", other.row === row);
  const line = network.lines.get(row);
  line.scrollIntoView({block: "center"});
  line.focus({preventScroll: true});
}

function pathsAround(path) {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}

// The table of layers

/** The rows that are shown, in their order: the tree, or the lines that a sort or a search finds. */
function shownRows(network, {rows}) {
  const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length || state.sort) {
    const found = rows.filter((row) => {
      const text = `${row.title} ${row.path} ${row.type}`.toLowerCase();
      return !row.isSum && words.every((word) => text.includes(word));
    });
    if (!state.sort) return found;
    const metric = SORTS.indexOf(state.sort);
    const costs = new Map(found.map((row) => [row, costsOf(network, row.counts)[metric] ?? 0]));
    return found.sort((left, right) => compared(costs.get(right), costs.get(left)));
  }
  const shown = [];
  let closed = Infinity;
  for (const row of rows) {
    if (row.depth > closed) continue;
    closed = network.folded.has(row.path) && row.isSum ? row.depth : Infinity;
    shown.push(row);
  }
  return shown;
}

const SORTS = ["mult_adds", "params"];

function drawLayers(network, structure) {
  for (const head of network.section.querySelectorAll("[data-sort]")) {
    head.setAttribute("aria-sort", head.dataset.sort === state.sort
      ? head.dataset.sort ? "descending" : "other" : "none");
  }
  const find = network.section.querySelector(".find");
  if (find.value.trim() !== state.find) find.value = state.find;
  const rows = shownRows(network, structure);
  const isTree = !state.find && !state.sort;
  const body = network.section.querySelector(".layers tbody");
  const lines = rows.flatMap((row) => {
    const line = lineOf(network, row);
    drawLine(network, line, row, structure.totals, isTree);
    return network.explained.has(row.path) ? [line, whyOf(network, row)] : [line];
  });
  placeRows(body, lines);
  drawBars(lines);
  const focused = rows.find((row) => row.path === network.focused) ?? rows[0];
  for (const row of rows) lineOf(network, row).tabIndex = row === focused ? 0 : -1;
}

/** Has a table body show some rows, of which those that it has stay: or the page would jump. */
function placeRows(body, lines) {
  const kept = new Set(lines);
  for (const line of [...body.rows]) if (!kept.has(line)) line.remove();
  lines.forEach((line, at) => {
    if (body.rows[at] !== line) body.insertBefore(line, body.rows[at] ?? null);
  });
}

/** The element of a row, made when it is first shown. */
function lineOf(network, row) {
  const known = network.lines;
  if (!known.has(row)) {
    const twist = element("span", {class: "twist", "aria-hidden": "true"});
    const head = element("th", {scope: "row"}, twist, row.title);
    const line = element("tr", {}, head, ...Array.from({length: 7}, () => element("td")));
    line.row = row;
    line.children[1].textContent = row.path;
    known.set(row, line);
  }
  return known.get(row);
}

function drawLine(network, line, row, totals, isTree) {
  const isFree = row.free[state.convention];
  const depth = isTree ? Math.min(row.depth, 8) : 0;
  const chosen = line.classList.contains("chosen") ? " chosen" : "";
  line.className = `d${depth}${row.isSum ? " sum" : ""}${isFree ? " free" : ""}${chosen}`;
  line.setAttribute("aria-level", depth + 1);
  const isOpen = row.isSum ? !network.folded.has(row.path) : network.explained.has(row.path);
  line.setAttribute("aria-expanded", isOpen);
  const counts = costsOf(network, row.counts);
  const texts = [
    sizeText(network, row.filter, row.suffix),
    sizeText(network, row.input),
    ...costTexts(counts, totals),
  ];
  for (const [index, text] of texts.entries()) write(line.children[index + 2], text);
}

/** Bars behind the shares, the largest as long as its cell. */
function drawBars(lines) {
  for (const column of [5, 7]) {
    const cells = lines.filter((line) => line.row).map((line) => line.children[column]);
    const largest = Math.max(...cells.map((cell) => Number(cell.textContent)));
    for (const cell of cells) {
      const part = largest ? 100 * Number(cell.textContent) / largest : 0;
      cell.style.setProperty("--share", `${part.toFixed(1)}%`);
    }
  }
}

/** Why a row costs what it does: its formulas, with the numbers in them. */
function whyOf(network, row) {
  const parts = row.formulas[state.convention].map(([name, type, ...uses]) => element(
    "div", {},
    element("h3", {}, `${row.path}${network.texts[name]}: ${network.texts[type]}`),
    ...usesOf(network, uses)));
  const none = row.free[state.convention]
    ? "Free in this convention."
    : `costcalc report --explain ${row.path} has its formula: the page has those alone that are the same at all settings.`;
  const cell = element("td", {colspan: 8}, ...(parts.length ? parts : [none]));
  return element("tr", {class: "why"}, cell);
}

function usesOf(network, uses) {
  const meanings = new Map();
  const lines = [];
  for (let use = 0; use < uses.length; use += 3) {
    const [index, values, result] = uses.slice(use, use + 3);
    const formula = data.formulas[index];
    const printed = byId("formulas").children[index];
    const numbers = valuesOf(network, network.shapes[values]).map(counted);
    const filled = printed.cloneNode(true);
    for (const [at, [name, meaning]] of formula.symbols.entries()) {
      const symbols = [...filled.querySelectorAll("[data-symbol]")]
        .filter((each) => each.dataset.symbol === name);
      if (symbols.length) meanings.set(name, [symbols[0].cloneNode(true), numbers[at], meaning]);
      for (const symbol of symbols) symbol.replaceWith(mathElement("mn", numbers[at]));
    }
    const equals = counted(network.tape.value(result));
    lines.push(element("p", {},
      element("b", {}, metricTitle(formula.metric)), ` = ${formula.rule} = `,
      printed.cloneNode(true), " = ", filled, " = ", element("b", {}, equals)));
  }
  const terms = [...meanings.values()].flatMap(([symbol, number, meaning]) => [
    element("dt", {}, mathElement("math", symbol)),
    element("dd", {}, `${number}, ${meaning}`),
  ]);
  return [...lines, element("dl", {}, ...terms)];
}

function mathElement(name, child) {
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", name);
  made.append(child);
  return made;
}

function metricTitle(metric) {
  return metric === "mult_adds" ? data.conventions[state.convention].heading : "Params";
}

// The table of types

function drawTypes(network, {types, totals}) {
  const body = network.section.querySelector(".types tbody");
  const rows = types
    .map(({type, layers, counts}) => [type, layers[state.convention], costsOf(network, counts)])
    .filter(([, layers]) => layers)
    .sort(([, , left], [, , right]) =>
      compared(right[0], left[0]) || compared(right[1], left[1]));
  while (body.rows.length > rows.length) body.lastElementChild.remove();
  while (body.rows.length < rows.length) {
    const cells = Array.from({length: 5}, () => element("td"));
    body.append(element("tr", {}, element("th", {scope: "row"}), ...cells));
  }
  for (const [at, [type, layers, counts]] of rows.entries()) {
    const texts = [type, counted(layers), ...costTexts(counts, totals)];
    for (const [index, text] of texts.entries()) write(body.rows[at].cells[index], text);
  }
}

// Controls

/** What the reader chooses besides settings: the state has the number of each. */
const SELECTORS = [
  ["convention", "how costs are counted", data.conventions.map(({name}) => name)],
  ["storage", "how numbers are kept in memory", data.storages.map(({name}) => name)],
  ["device", "what the networks run on", data.devices.map(({name}) => name)],
  ["network", "whose layers are shown", networks.map(({title}) => title)],
];

function makeControls() {
  const form = byId("controls");
  form.hidden = false;
  for (const [index, control] of data.controls.entries()) {
    const make = control.kind === "choice" ? choiceOf : numberOf;
    form.append(make(index, control));
  }
  for (const [name, meaning, options] of SELECTORS) {
    if (options.length > 1) form.append(selectOf(name, meaning, options));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** What a control is called in the address: its name, with a number if it is not the first, and
    marked if the page has another use for the word. */
function keyOf(control) {
  const words = [...SELECTORS.map(([word]) => word), "sort", "find"];
  const name = words.includes(control.name) ? `set.${control.name}` : control.name;
  const alike = data.controls.filter((each) => each.name === control.name);
  return alike[0] === control ? name : `${name}.${control.networks[0] + 1}`;
}

function labelOf(id, control) {
  const isShared = control.networks.length === networks.length;
  const owners = control.networks.map((index) => networks[index].label).join(", ");
  return [
    element("label", {for: id}, control.name),
    element("small", {id: `${id}-meaning`}, isShared ? control.meaning : `${control.meaning} (${owners})`),
  ];
}

function numberOf(index, control) {
  const id = `control${index}`;
  const field = element("input", {
    id, inputmode: "decimal", autocomplete: "off", spellcheck: "false",
    "aria-describedby": `${id}-meaning ${id}-problem`,
    oninput: () => moveTo(index, field.value, field), onchange: remember,
  });
  const slider = element("input", {
    type: "range", min: 0, max: control.values.length - 1, "aria-label": control.name,
    oninput: () => moveTo(index, control.values[slider.value], slider), onchange: remember,
  });
  const problem = element("small", {id: `${id}-problem`, class: "problem", role: "alert"});
  const [low, high] = [control.values[0], control.values.at(-1)];
  control.show = (text, source) => {
    const number = read(control, text);
    field.setAttribute("aria-invalid", number === null);
    const what = control.kind === "whole" ? "a whole number" : "a number, such as 0.35 or 7/20,";
    write(problem, number === null ? `${what} from ${low} to ${high}` : "");
    if (source !== field) field.value = text;
    if (number === null) return;
    if (source !== slider) slider.value = nearest(control, number);
    slider.setAttribute("aria-valuetext", text);
  };
  control.show(control.default);
  return element("div", {class: "control"}, ...labelOf(id, control), field, slider, problem);
}

/** The slider's step whose value is the last that is not above a number. */
function nearest(control, number) {
  const above = control.values.findIndex((value) => compared(parseExact(value), number) > 0);
  return above < 0 ? control.values.length - 1 : Math.max(above - 1, 0);
}

function choiceOf(index, control) {
  const id = `control${index}`;
  const options = control.values.map((value) =>
    element("option", {value}, value || "follows from the others"));
  const select = element("select", {
    id, "aria-describedby": `${id}-meaning`,
    onchange: () => { moveTo(index, select.value, select); remember(); },
  }, ...options);
  control.show = (text) => { select.value = text; };
  control.show(control.default);
  return element("div", {class: "control"}, ...labelOf(id, control), select);
}

function selectOf(name, meaning, options) {
  const id = `choose-${name}`;
  const select = element("select", {
    id, "aria-describedby": `${id}-meaning`,
    onchange: () => { state[name] = select.selectedIndex; draw(); remember(); },
  }, ...options.map((option) => element("option", {}, option)));
  return element("div", {class: "control"}, element("label", {for: id}, name),
    element("small", {id: `${id}-meaning`}, meaning), select);
}

/** Takes a control's new text, if it is a value. */
function moveTo(index, text, source) {
  const control = data.controls[index];
  control.show(text, source);
  if (read(control, text) === null) return;
  state.values[index] = text.trim();
  draw();
}

// The address

/** Writes the state into the address: only what differs from what the page opens with. */
function remember() {
  const words = new URLSearchParams();
  for (const [index, control] of data.controls.entries()) {
    if (state.values[index] !== control.default) words.set(keyOf(control), state.values[index]);
  }
  for (const [name, , options] of SELECTORS) {
    if (state[name]) words.set(name, options[state[name]]);
  }
  if (state.sort) words.set("sort", state.sort);
  if (state.find) words.set("find", state.find);
  const hash = String(words).replaceAll("%2F", "/");
  try {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  } catch {
    // A notebook's frame has no address of its own.
  }
}

/** Takes the state from the address; what is no value there stays as it is. */
function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const [index, control] of data.controls.entries()) {
    const text = words.get(keyOf(control)) ?? control.default;
    if (read(control, text) !== null) state.values[index] = text.trim();
    control.show(state.values[index]);
  }
  for (const [name, , options] of SELECTORS) {
    state[name] = Math.max(options.indexOf(words.get(name)), 0);
    const select = byId(`choose-${name}`);
    if (select) select.selectedIndex = state[name];
  }
  state.sort = SORTS.includes(words.get("sort")) ? words.get("sort") : "";
  state.find = words.get("find") ?? "";
  draw();
}

// The table's keys and clicks

/** Makes the tables of layers trees that the keyboard walks. */
function makeTables() {
  for (const network of networks) {
    const table = network.section.querySelector(".layers");
    table.setAttribute("role", "treegrid");
    table.tBodies[0].addEventListener("click", (event) => press(network, event.target));
    table.tBodies[0].addEventListener("keydown", (event) => walk(network, event));
    table.parentElement.before(toolsOf(network));
    for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
      const sort = {0: "", 4: "mult_adds", 6: "params"}[at];
      if (sort !== undefined) makeSorting(head, sort);
    }
  }
}

function toolsOf(network) {
  const find = element("input", {
    type: "search", "aria-label": "Find layers", placeholder: "find layers", class: "find",
    oninput: () => { state.find = find.value.trim(); draw(); }, onchange: remember,
  });
  const fold = (paths) => () => { network.folded = new Set(paths()); draw(); };
  const blocks = () => network.rows.filter((row) => row.isSum).map((row) => row.path);
  return element("p", {class: "tools"}, find,
    element("button", {type: "button", onclick: fold(blocks)}, "fold blocks"),
    element("button", {type: "button", onclick: fold(() => [])}, "open all"));
}

function makeSorting(head, sort) {
  const button = element("button", {
    type: "button",
    onclick: () => { state.sort = sort; draw(); remember(); },
  }, head.textContent);
  head.replaceChildren(button);
  head.dataset.sort = sort;
}

/** The row that an element stands in; null in an explanation. */
function lineAt(target) {
  const line = target.closest("tr");
  return line !== null && line.row ? line : null;
}

/** Opens a block or folds it; shows why a line costs what it does, or hides it. */
function press(network, target) {
  const line = lineAt(target);
  if (line === null) return;
  const row = line.row;
  toggle(row.isSum ? network.folded : network.explained, row.path);
  network.focused = row.path;
  network.graph.reveal(network.shown.rows.indexOf(row));
  draw();
}

function toggle(set, value) {
  if (!set.delete(value)) set.add(value);
}

function walk(network, event) {
  const line = lineAt(event.target);
  if (line === null || event.target !== line) return;
  const isOpen = line.getAttribute("aria-expanded") === "true";
  const lines = [...line.parentElement.rows].filter((each) => each.row);
  const at = lines.indexOf(line);
  const level = line.row.depth;
  const goTo = {
    ArrowDown: () => lines[at + 1],
    ArrowUp: () => lines[at - 1],
    Home: () => lines[0],
    End: () => lines.at(-1),
    ArrowLeft: () => isOpen ? null : lines.slice(0, at).findLast((each) => each.row.depth < level),
    ArrowRight: () => isOpen && line.row.isSum ? lines[at + 1] : null,
    Enter: () => null,
    " ": () => null,
  }[event.key];
  if (goTo === undefined) return;
  event.preventDefault();
  const isToggle = {ArrowLeft: isOpen, ArrowRight: !isOpen, Enter: true, " ": true}[event.key];
  if (isToggle) {
    press(network, line);
    return;
  }
  const next = goTo();
  if (!next) return;
  network.focused = next.row.path;
  line.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

// Copies

const COPIES = {
  link: () => location.href,
  command: commandOf,
  CSV: csvOf,
  LaTeX: latexOf,
  claim: claimOf,
};

function makeCopies() {
  const text = element("textarea", {readonly: true, rows: 6, "aria-label": "what was copied", hidden: true});
  const said = element("span", {role: "status"});
  const buttons = Object.entries(COPIES).map(([name, make]) => element("button", {
    type: "button",
    onclick: async () => {
      remember();
      text.value = make();
      text.hidden = false;
      try {
        await navigator.clipboard.writeText(text.value);
        write(said, `${name} copied`);
      } catch {
        text.select();
        write(said, `the ${name}, to copy:`);
      }
    },
  }, name));
  byId("taken").append(element("p", {class: "tools"}, "copy as ", ...buttons, " ", said), text);
}

/** An argument of a shell: in quotes if a shell would read more than text in it. */
function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The settings of a network that costcalc has to be told, as pairs: it chooses another
    implementation under another convention. */
function toldSettings(network) {
  const moved = [...network.numbers, ...network.choices].map((index) => [
    data.controls[index].name, state.values[index], data.controls[index].default,
  ]);
  const fixed = network.fixed.map(([name, text]) => [name, text, text]);
  const told = [...moved, ...fixed].filter(([name, text, usual]) => text !== "" && (
    text !== usual || network.stated.includes(name) || (state.convention && name === "implementation")));
  return [...network.told, ...told.map(([name, text]) => [name, text])];
}

function optionOf([name, text]) {
  const isOwn = name === "alpha" || name === "res";
  return isOwn ? `--${name} ${shellWord(text)}` : `--set ${shellWord(`${name}=${text}`)}`;
}

function commandOf() {
  const convention = data.conventions[state.convention];
  const count = [
    ...(convention.reference === "paper" ? [] : [`--convention ${shellWord(convention.reference)}`]),
    ...(data.unit ? [`--unit ${data.unit}`] : []),
  ];
  if (networks.length === 1) {
    const [network] = networks;
    const options = toldSettings(network).map(optionOf);
    return ["costcalc report", shellWord(network.name), ...options, ...count].join(" ");
  }
  const references = networks.map((network) => shellWord(referenceOf(network)));
  return ["costcalc compare", ...references, ...count].join(" ");
}

/** A network with its settings, as one word. */
function referenceOf(network) {
  const settings = toldSettings(network).map(([name, text]) => `${name}=${text}`).join(",");
  return settings ? `${network.name}@${settings}` : network.name;
}

function current() {
  const network = networks[state.network], structure = answer(network);
  return "refusal" in structure ? null : {network, ...structure};
}

function csvOf() {
  const shown = current();
  if (shown === null) return "";
  const {network, rows, totals} = shown;
  const lines = rows.filter((row) => !row.isSum).map((row) => {
    const counts = costsOf(network, row.counts);
    const costs = counts.flatMap((count, index) => [
      writeExact(count), floatText(percent(count, totals[index])),
    ]);
    return [
      row.path, row.type,
      sizeText(network, row.filter, row.suffix, "x"),
      sizeText(network, row.input, "", "x"),
      sizeText(network, row.output, "", "x"),
      ...(costs.length ? costs : ["", "", "", ""]),
    ].map(csvField).join(",");
  });
  const head = "name,type,filter,input,output,mult_adds,mult_adds_percent,params,params_percent";
  return `${[head, ...lines].join("\n")}\n`;
}

/** A part of a total in per cent, unrounded; 0 if there is no total. */
function percent(part, total) {
  return compared(total, 0) ? 100 * approximate(part) / approximate(total) : 0;
}

/** A float as Python writes it. */
function floatText(value) {
  if (Number.isInteger(value)) return `${value}.0`;
  return value < 1e-4 ? value.toExponential().replace(/-(\d)$/, "-0$1") : String(value);
}

function csvField(text) {
  const safe = /^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const LATEX = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "$": "\\$", "&": "\\&", "#": "\\#",
  "%": "\\%", "_": "\\_", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}",
  "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}", "[": "{[}", "×": "$\\times$",
};

function latexText(text) {
  return text.replace(/[\\{}$&#%_^~<>|[×]/g, (character) => LATEX[character]);
}

function latexOf() {
  const shown = current();
  if (shown === null) return "";
  const {network, rows, totals} = shown;
  const size = (cells, suffix = "") => cells === undefined
    ? "" : `$${valuesOf(network, cells).join("\\times ")}$${suffix}`;
  const convention = data.conventions[state.convention];
  const heads = ["Type / Stride", "Layer", "Filter Shape", "Input Size", convention.heading, "%", "Params", "%"];
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  return [
    `% ${network.title}`,
    `% settings: ${settingsText(network)}`,
    `% convention: ${convention.name}: ${convention.title}`,
    "% \\usepackage{booktabs}",
    "\\begin{tabular}{llllrrrr}",
    "\\toprule",
    line(heads.map(latexText)),
    "\\midrule",
    ...rows.map((row) => line([
      "\\quad ".repeat(row.depth) + latexText(row.title),
      latexText(row.path), size(row.filter, row.suffix), size(row.input),
      ...costTexts(costsOf(network, row.counts), totals),
    ])),
    "\\midrule",
    line(["Total", "", "", "", counted(totals[0]), "", counted(totals[1]), ""]),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

function claimOf() {
  const {reference, times} = data.conventions[state.convention];
  const counting = (reference === "paper" ? "" : `, convention: ${yamlText(reference)}`) +
    (times > 1 ? `, times: ${times}` : "");
  const lines = networks.flatMap((network) => {
    const {totals} = answer(network);
    if (totals === undefined) return [];
    const [multAdds, params] = totals.map(counted);
    return [`  - {network: ${yamlText(referenceOf(network))}${counting}, ` +
      `params: "${params}"${times ? `, mult_adds: "${multAdds}"` : ""}}`];
  });
  const unsaid = times ? [] : ["# no mult_adds: a claim has them in the convention's own unit"];
  return ["claims:", ...unsaid, ...lines, ""].join("\n");
}

function yamlText(text) {
  return JSON.stringify(text);
}

// Start

makeControls();
makeTables();
makeCopies();
networks[0].opening = data.conventions.map((_, at) => {
  state.convention = at;
  return answer(networks[0]).totals;
});
recall();
addEventListener("hashchange", recall);
