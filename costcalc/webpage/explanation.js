// Why a row costs what it does: its formulas, as Python printed them, and the numbers in them.

/** Why a row costs what it does: its formulas, with the numbers in them. */
function whyOf(network, row) {
  const parts = row.formulas[shownCount()].map(([name, type, values, ...uses]) => element(
    "div", {},
    element("h3", {}, `${row.path}${network.texts[name]}: ${network.texts[type]}`),
    ...usesOf(network, network.shapes[values], uses)));
  const none = row.free[shownCount()]
    ? "Free in this convention."
    : `Its formula depends on the settings: costcalc report --explain ${row.path} has it.`;
  const cell = element("td", {colspan: 8}, ...(parts.length ? parts : [none]));
  return element("tr", {class: "why"}, cell);
}

/** The formulas of a layer, at the values of its symbols; and what the symbols mean. */
function usesOf(network, values, uses) {
  const numbers = valuesOf(network, values).map(counted);
  const meanings = new Map();
  const lines = [];
  while (uses.length) {
    const [index, result] = uses.splice(0, 2);
    const [metric, rule, symbols] = data.formulas[index];
    const printed = byId("formulas").children[index];
    const filled = printed.cloneNode(true);
    for (const [at, symbol] of symbols.entries()) {
      const [name, meaning] = data.symbols[symbol];
      const places = [...filled.querySelectorAll("[data-symbol]")]
        .filter((each) => each.dataset.symbol === name);
      for (const place of places) {
        place.replaceWith(mathElement("mn", numbers[at]));
        meanings.set(name, [place, numbers[at], meaning]);
      }
    }
    const equals = counted(network.tape.value(result));
    lines.push(element("p", {},
      element("b", {}, metric === "params" ? "Params" : shownConvention().heading), ` = ${rule} = `,
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
