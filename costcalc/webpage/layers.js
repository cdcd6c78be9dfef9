// The table of layers: a tree that folds, sorts, is searched, and is walked by the keyboard.

const SORTS = ["mult_adds", "params"];

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
  let closed = Infinity;
  return rows.filter((row) => {
    if (row.depth > closed) return false;
    closed = network.folded.has(row.path) ? row.depth : Infinity;
    return true;
  });
}

function drawLayers(network, structure) {
  for (const head of network.section.querySelectorAll("[data-sort]")) {
    head.ariaSort = head.dataset.sort !== state.sort ? "none" : state.sort ? "descending" : "other";
  }
  const find = partOf(network, ".find");
  if (find.value.trim() !== state.find) find.value = state.find;
  const rows = shownRows(network, structure);
  const focused = rows.find((row) => row.path === network.focused) ?? rows[0];
  const largest = [0, 1].map((metric) => Math.max(0, ...rows.map((row) =>
    approximate(costsOf(network, row.counts)[metric] ?? 0))));
  const lines = rows.map((row) => lineOf(network, row));
  placeRows(bodyOf(network), lines.flatMap((line) =>
    network.explained.has(line.row.path) ? [line, whyOf(network, line.row)] : [line]));
  drawSeen(lines, (line) => {
    drawLine(network, line, structure.totals, largest);
    line.tabIndex = line.row === focused ? 0 : -1;
  });
}

function bodyOf(network) {
  return partOf(network, ".layers tbody");
}

/** Has a table body show some rows, of which those that it has stay: or the page would jump. */
function placeRows(body, lines) {
  const kept = new Set(lines);
  for (const line of [...body.rows]) if (!kept.has(line)) line.remove();
  let next = body.firstElementChild;
  for (const line of lines) {
    if (line === next) next = next.nextElementSibling;
    else body.insertBefore(line, next);
  }
}

let unseen = [], timer;

/** Draws the lines that are in sight, and the others in time that is left: or a network of
    thousands of layers would hold up its sliders. */
function drawSeen(lines, drawOne) {
  const isSeen = lines.map((line) => {
    const {top, bottom} = line.getBoundingClientRect();
    return bottom >= 0 && top <= innerHeight;
  });
  unseen = [];
  lines.forEach((line, at) => {
    if (isSeen[at]) drawOne(line);
    else unseen.push(() => drawOne(line));
  });
  unseen.reverse();
  clearTimeout(timer);
  timer = setTimeout(drawUnseen);
}

/** Draws lines out of sight: for that many milliseconds, then again after others had their turn. */
function drawUnseen(time = 8) {
  const end = performance.now() + time;
  while (unseen.length && performance.now() < end) unseen.pop()();
  if (unseen.length) timer = setTimeout(drawUnseen);
}

/** The element of a row: one that Python wrote, or another like it. */
function lineOf(network, row) {
  const known = network.lines;
  if (!known.has(row)) known.set(row, network.blank.cloneNode(true));
  const line = known.get(row);
  line.row = row;
  return line;
}

function drawLine(network, line, totals, largest) {
  const {row} = line, isTree = !state.find && !state.sort;
  const depth = isTree ? Math.min(row.depth, 8) : 0;
  const marks = {sum: row.isSum, free: row.free[shownCount()], chosen: row === network.chosen};
  line.className = [`d${depth}`, ...Object.keys(marks).filter((mark) => marks[mark])].join(" ");
  line.ariaLevel = depth + 1;
  line.ariaExpanded = row.isSum ? !network.folded.has(row.path) : network.explained.has(row.path);
  const counts = costsOf(network, row.counts);
  const texts = [
    row.title, row.path, sizeText(network, row.filter, row.suffix), sizeText(network, row.input),
    ...costTexts(counts, totals),
  ];
  texts.forEach((text, at) => write(line.cells[at], text));
  // A bar behind each share, the largest as long as its cell.
  for (const metric of [0, 1]) {
    const part = largest[metric] && approximate(counts[metric] ?? 0) / largest[metric];
    line.cells[5 + 2 * metric].style.setProperty("--share", `${(100 * part).toFixed(1)}%`);
  }
}

/** Makes the tables of layers trees that the keyboard walks. */
function makeTables() {
  for (const network of networks) {
    const body = bodyOf(network), table = body.parentElement;
    network.blank = body.rows[0].cloneNode(true);
    answer(network).rows.forEach((row, at) => network.lines.set(row, body.rows[at]));
    table.role = "treegrid";
    body.addEventListener("click", (event) => press(network, event.target));
    body.addEventListener("keydown", (event) => walk(network, event));
    table.parentElement.before(toolsOf(network));
    for (const [at, sort] of [[0, ""], [4, "mult_adds"], [6, "params"]]) {
      const head = table.tHead.rows[0].cells[at];
      head.dataset.sort = sort;
      head.replaceChildren(button(head.textContent, () => { state.sort = sort; draw(); remember(); }));
    }
  }
  addEventListener("beforeprint", () => drawUnseen(Infinity));
}

function toolsOf(network) {
  const find = element("input", {
    type: "search", "aria-label": "Find layers", placeholder: "find layers", class: "find",
    oninput: () => { state.find = find.value.trim(); draw(); }, onchange: remember,
  });
  const fold = (rows) => () => { network.folded = new Set(rows.map((row) => row.path)); draw(); };
  return element("p", {class: "tools"}, find,
    button("fold blocks", fold(network.rows.filter((row) => row.isSum))),
    button("open all", fold([])));
}

/** Opens a block or folds it; shows why a line costs what it does, or hides it. */
function press(network, target) {
  const {row} = target.closest("tr");
  if (!row) return; // in an explanation
  const open = row.isSum ? network.folded : network.explained;
  if (!open.delete(row.path)) open.add(row.path);
  network.focused = row.path;
  network.graph.reveal(network.shown.rows.indexOf(row));
  draw();
}

function walk(network, event) {
  const line = event.target, {row} = line;
  if (!row) return;
  const lines = [...bodyOf(network).rows].filter((each) => each.row), at = lines.indexOf(line);
  const isOpen = line.ariaExpanded === "true";
  const next = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: lines.length - 1,
    ArrowLeft: isOpen ? at
      : lines.findLastIndex((each, index) => index < at && each.row.depth < row.depth),
    ArrowRight: isOpen ? at + 1 : at,
    Enter: at,
    " ": at,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  if (next === at) press(network, line);
  else if (lines[next]) {
    network.focused = lines[next].row.path;
    line.tabIndex = -1;
    lines[next].tabIndex = 0;
    lines[next].focus();
  }
}
