// Networks side by side: costs by type of layer and by stage, and what the differences come
// from, as comparing/compare.py has them.

drawers.push(drawComparison);

/** Draws the tables of a page with several networks; hides them where one does not exist. */
function drawComparison(answers) {
  const section = byId("comparison");
  section.hidden = answers.some((each) => "refusal" in each);
  if (section.hidden) return;
  const {unit, heading} = shownConvention();
  const types = [0, 1].map((metric) =>
    answers.map((each, index) => typeCosts(networks[index], each, metric)));
  const areas = new Map();
  const stages = answers.map((each, index) => stageCosts(networks[index], each, areas));
  const families = new Map(answers.flatMap((each) =>
    each.types.map(({type, family}) => [type, family])));
  const byType = (before, after) => typeCauses(families, before, after);
  const parts = [
    [`${heading} by type of layer`, 0, types[0], ordered(types[0], largest), unit, byType],
    ["Params by type of layer", 1, types[1], ordered(types[1], largest), "params", byType],
    [`${heading} by stage`, 0, stages, ordered(stages, (stage) => areas.get(stage)), unit, stageCauses],
  ];
  const notes = [];
  for (const [at, table] of [...section.querySelectorAll("table")].entries()) {
    const [title, metric, costs, names, noun, causes] = parts[at];
    const totals = answers.map((each) => each.totals[metric]);
    write(table.caption, title);
    table.tBodies[0].replaceChildren(...names.map((name) => sharesOf(name, costs, totals)));
    const ends = [...table.tFoot.rows[0].cells].slice(1);
    for (const [index, total] of totals.entries()) write(ends[2 * index], scaled(total));
    for (const [index, after] of costs.entries()) {
      const text = index && attributed(difference(totals[0], totals[index]), causes(costs[0], after), noun);
      if (text) notes.push([index, `${networks[index].title}: ${text}`]);
    }
  }
  notes.sort(([one], [other]) => one - other);
  write(section.querySelector(".notes"), notes.map(([, text]) => text).join("\n"));
}

/** The costs of a network's types of layer that cost something. */
function typeCosts(network, {types}, metric) {
  return new Map(types
    .map(({type, counts}) => [type, costsOf(network, counts)[metric]])
    .filter(([, cost]) => compared(cost, 0)));
}

/** A network's mult-adds by the spatial size of the layers' outputs, whose product areas takes;
    a vector's is 1 x 1. */
function stageCosts(network, {rows, input}, areas) {
  const costs = new Map();
  for (const row of rows) {
    const [cost = 0] = row.isSum ? [] : costsOf(network, row.counts);
    if (!compared(cost, 0)) continue;
    const sides = row.output.length > 1
      ? valuesOf(network, row.output.slice(0, -1))
      : Array(input.length - 1).fill(1);
    const stage = dimensions(sides);
    areas.set(stage, sides.reduce(product, 1));
    costs.set(stage, sum(costs.get(stage) ?? 0, cost));
  }
  return costs;
}

/** The names of some costs by a rank of each, the first of which is the highest. */
function ordered(costs, rank) {
  const names = new Set(costs.flatMap((each) => [...each.keys()]));
  const ranks = new Map([...names].map((name) => [name, rank(name, costs)]));
  return [...names].sort((one, other) => compared(ranks.get(other), ranks.get(one)));
}

function largest(name, costs) {
  return costs.map((each) => each.get(name) ?? 0)
    .reduce((one, other) => (compared(one, other) < 0 ? other : one));
}

/** A row of costs, each with its share. */
function sharesOf(name, costs, totals) {
  return tableRow(name, ...costs.flatMap((each, index) => {
    const cost = each.get(name);
    return cost === undefined ? ["", ""] : [scaled(cost), share(cost, totals[index])];
  }));
}

/** What each name costs less than before, the largest difference first. */
function savings(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((name) => [name, difference(before.get(name) ?? 0, after.get(name) ?? 0)])
    .filter(([, saved]) => compared(saved, 0))
    .sort(([, one], [, other]) => compared(size(other), size(one)));
}

/** Layers of one family do the same job: if some types cost less and others more, the latter
    replace the former. */
function typeCauses(families, before, after) {
  const causes = new Map();
  for (const [type, saved] of savings(before, after)) {
    const family = families.get(type);
    const cause = causes.get(family) ?? {sides: [[], []], saved: 0};
    cause.sides[+(compared(saved, 0) < 0)].push(type);
    causes.set(family, {...cause, saved: sum(cause.saved, saved)});
  }
  return [...causes.values()].map(({sides, saved}) => {
    const words = sides.filter((types) => types.length).map((types) => types.join(" + ")).join(" → ");
    return {saved, ofShare: `from ${words}`, ofAmount: `by ${words}`};
  }).sort((one, other) => compared(size(other.saved), size(one.saved)));
}

function stageCauses(before, after) {
  return savings(before, after).map(([stage, saved]) => (
    {saved, ofShare: `at ${stage}`, ofAmount: `at ${stage}`}));
}

/** The largest parts of what a network saves, as text; empty if it saves nothing. */
function attributed(saved, causes, unit) {
  const way = compared(saved, 0);
  if (!way) return "";
  const isOneWay = causes.every((cause) => compared(cause.saved, 0) * way >= 0);
  const parts = causes.filter((cause) => compared(cause.saved, 0)).slice(0, 3).map((cause) =>
    isOneWay
      ? `${percentText(quotient(cause.saved, saved))} ${cause.ofShare}`
      : `${change(cause.saved)} ${cause.ofAmount}`);
  return `of ${change(saved, unit)}, ${parts.join(", ")}.`;
}

function size(number) {
  return compared(number, 0) < 0 ? difference(0, number) : number;
}

function change(saved, unit = "") {
  return [scaled(size(saved)), unit, compared(saved, 0) > 0 ? "saved" : "added"]
    .filter(Boolean).join(" ");
}
