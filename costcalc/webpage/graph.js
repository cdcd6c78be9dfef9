// The layer graph beside the table: what its boxes show, and the row that each belongs to.

function drawGraph(network, structure) {
  network.shown = structure;
  network.graph ??= openGraph(
    partOf(network, ".graph"), network, (row) => network.shown.rows[row],
    (rows) => figuresOf(network, rows), (rows) => drawChosen(network, rows),
  );
  const level = `${structure.level} ${structure.rows.length}`;
  if (network.level === level) network.graph.update();
  else {
    network.graph.show(structure.level, network.title);
    partOf(network, ".chosen-box").replaceChildren();
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
  const {heading} = shownConvention();
  const text = `${rows.map((row) => row.path).join(", ")}: ${counted(multAdds)} ${heading}, ${counted(params)} Params `;
  const go = button("show in the table", () => goToRow(network, rows[0]));
  partOf(network, ".chosen-box").replaceChildren(text, go);
}

/** Shows a row of the table, and has the keyboard continue there. */
function goToRow(network, row) {
  for (const path of pathsAround(row.path)) network.folded.delete(path);
  state.find = state.sort = "";
  network.focused = row.path;
  network.chosen = row;
  drawAll();
  drawUnseen(Infinity);
  const line = network.lines.get(row);
  line.scrollIntoView({block: "center"});
  line.focus({preventScroll: true});
}

function pathsAround(path) {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}
