// Why a row costs what it does: its formulas, as Python printed them, and the numbers in them.

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
  while (uses.length) {
    const [index, values, result] = uses.splice(0, 3);
    const formula = data.formulas[index];
    const printed = byId("formulas").children[index];
    const numbers = valuesOf(network, network.shapes[values]).map(counted);
    const filled = printed.cloneNode(true);
    for (const [at, [name, meaning]] of formula.symbols.entries()) {
      const symbols = [...filled.querySelectorAll("[data-symbol]")]
        .filter((each) => each.dataset.symbol === name);
      for (const symbol of symbols) {
        symbol.replaceWith(mathElement("mn", numbers[at]));
        meanings.set(name, [symbol, numbers[at], meaning]);
      }
    }
    const equals = counted(network.tape.value(result));
    lines.push(element("p", {},
      element("b", {}, formula.metric === "params" ? "Params" : shownConvention().heading), ` = ${formula.rule} = `,
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
