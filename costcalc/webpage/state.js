"use strict";

// What the page is made with, and what its reader has chosen.

const data = JSON.parse(byId("data").textContent);
const {controls} = data;
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

/** What a page draws besides its base, at the answers of all networks: its parts add to it. */
const drawers = [];

/** The numbers of what is chosen, which the controls of these names move; the order and the
    search of layers. */
const state = {convention: 0, unit: 0, storage: 0, device: 0, network: 0, sort: "", find: ""};

for (const control of controls) take(control, control.default);

/** The number of the convention that is shown, in its unit: counts are lists by these. */
function shownCount() {
  return state.convention * data.units.length + state.unit;
}

function shownConvention() {
  return data.conventions[shownCount()];
}

/** Gives a control a value. */
function take(control, text) {
  control.value = control.kind === "choice" ? text : text.trim();
  if (control.chooses) state[control.chooses] = control.values.indexOf(control.value);
}

/** The controls of a network's settings, in the page's order. */
function controlsOf(network) {
  return controls.filter((_, index) =>
    network.numbers.includes(index) || network.choices.includes(index));
}
