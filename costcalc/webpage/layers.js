// The table of layers: a tree that folds, sorts, is searched, and is walked by the keyboard.

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
