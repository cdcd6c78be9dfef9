// Networks side by side: costs by type of layer, and what the differences come from, as
// comparing/compare.py has them.

drawers.push(drawComparison);

/** Draws the tables of a page with several networks; hides them where one does not exist. */
function drawComparison(answers) {
  const section = byId("comparison");
  section.hidden = answers.some((each) => "refusal" in each);
  if (section.hidden) return;
  const {unit, heading} = data.conventions[state.convention];
  const notes = [];
  for (const [metric, table] of [...section.querySelectorAll("table")].entries()) {
    const costs = answers.map((each, index) => typeCosts(networks[index], each.types, metric));
    const totals = answers.map((each) => each.totals[metric]);
    write(table.caption, `${metric ? "Params" : heading} by type of layer`);
    table.tBodies[0].replaceChildren(...typeRows(costs, totals));
    const ends = [...table.tFoot.rows[0].cells].slice(1);
    for (const [index, total] of totals.entries()) write(ends[2 * index], scaled(total));
    for (const index of networks.keys()) {
      if (index) notes.push([index, metric, causeText(costs[0], costs[index], metric ? "params" : unit)]);
    }
  }
  notes.sort(([one], [other]) => one - other);
  write(section.querySelector(".notes"), notes
    .filter(([, , text]) => text)
    .map(([index, , text]) => `${networks[index].title}: ${text}`)
    .join("\n"));
}

/** The types of a network that cost something: each with its family and its cost. */
function typeCosts(network, types, metric) {
  return new Map(types
    .map(({type, family, counts}) => [type, {family, cost: costsOf(network, counts)[metric]}])
    .filter(([, {cost}]) => compared(cost, 0)));
}

function typeRows(costs, totals) {
  const largest = new Map();
  for (const [type, {cost}] of costs.flatMap((each) => [...each])) {
    if (!largest.has(type) || compared(cost, largest.get(type)) > 0) largest.set(type, cost);
  }
  const names = [...largest.keys()].sort((one, other) =>
    compared(largest.get(other), largest.get(one)));
  return names.map((name) => tableRow(name, ...costs.flatMap((each, index) => {
    const cost = each.get(name)?.cost;
    return cost === undefined ? ["", ""] : [scaled(cost), share(cost, totals[index])];
  })));
}

/** What a difference comes from: layers of one family do the same job, and replace each other. */
function causeText(before, after, unit) {
  const families = new Map();
  for (const [type, {family}] of [...before, ...after]) {
    const saved = difference(before.get(type)?.cost ?? 0, after.get(type)?.cost ?? 0);
    if (!families.has(family)) families.set(family, new Map());
    families.get(family).set(type, saved);
  }
  const causes = [...families.values()].map((types) => {
    const ordered = [...types].sort(([, one], [, other]) => compared(size(other), size(one)));
    const sides = [1, -1].map((way) => ordered
      .filter(([, saved]) => compared(saved, 0) === way)
      .map(([type]) => type)
      .join(" + "));
    return {words: sides.filter(Boolean).join(" → "), saved: [...types.values()].reduce(sum)};
  });
  causes.sort((one, other) => compared(size(other.saved), size(one.saved)));
  const saved = causes.map((cause) => cause.saved).reduce(sum, 0);
  if (!compared(saved, 0)) return "";
  const way = compared(saved, 0);
  const isOneWay = causes.every((cause) => compared(cause.saved, 0) * way >= 0);
  const parts = causes.filter((cause) => compared(cause.saved, 0)).slice(0, 3).map((cause) =>
    isOneWay
      ? `${percentText(quotient(cause.saved, saved))} from ${cause.words}`
      : `${change(cause.saved)} by ${cause.words}`);
  return `of ${change(saved, unit)}, ${parts.join(", ")}.`;
}

function size(number) {
  return compared(number, 0) < 0 ? difference(0, number) : number;
}

function change(saved, unit = "") {
  return [scaled(size(saved)), unit, compared(saved, 0) > 0 ? "saved" : "added"]
    .filter(Boolean).join(" ");
}
