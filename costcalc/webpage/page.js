// The page: it reads its controls, asks the tape what they give, and writes what changed.

let frame;

/** Draws before the next frame, once for all that has happened until then. */
function draw() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(drawAll);
}

function drawAll() {
  const {name, title, heading} = shownConvention();
  write(byId("convention"), `${name}: ${title}`);
  for (const head of document.querySelectorAll(".unit")) write(head.firstElementChild ?? head, heading);
  const answers = networks.map(answer);
  drawRefusals(answers);
  drawTotals(answers);
  for (const drawer of drawers) drawer(answers);
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
  const {rows} = byId("totals").querySelector("tbody");
  const base = networks.length > 1 ? answers[0].totals : shownOf(networks[0].opening);
  answers.forEach(({totals}, index) => {
    const [, at, ...cells] = rows[index].cells;
    write(at, settingsText(networks[index]));
    cells.forEach((cell, metric) => {
      const texts = ["–", "", ""];
      if (totals) {
        const isBase = networks.length > 1 && !index;
        texts.splice(0, 3, scaled(totals[metric]), counted(totals[metric]),
          base && !isBase ? ratioTo(totals[metric], base[metric]) : "");
      }
      texts.forEach((text, part) => write(cell.children[part], text));
    });
  });
}

function ratioTo(total, base) {
  const isOpening = networks.length === 1 && !compared(total, base);
  return compared(base, 0) && !isOpening ? ratioText(quotient(total, base)) : "";
}

function settingsText(network) {
  return controlsOf(network)
    .filter(({value}) => value !== "")
    .map(({name, value}) => `${name} = ${value}`)
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
  write(partOf(network, ".notes"), structure.notes);
  drawGraph(network, structure);
}

// The table of types

function drawTypes(network, {types, totals}) {
  const shown = types
    .map(({type, layers, counts}) => [type, layers[shownCount()], costsOf(network, counts)])
    .filter(([, layers]) => layers)
    .sort(([, , left], [, , right]) =>
      compared(right[0], left[0]) || compared(right[1], left[1]));
  partOf(network, ".types tbody").replaceChildren(...shown.map(
    ([type, layers, counts]) => tableRow(type, counted(layers), ...costTexts(counts, totals))));
}

// Start

makeControls();
makeTables();
makeCopies();
networks[0].opening = answer(networks[0]).everyTotal;
recall();
addEventListener("hashchange", recall);
