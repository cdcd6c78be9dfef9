"use strict";

// What the page is made with, and what its reader has chosen.

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

/** What a page draws besides its base, at the answers of all networks: its parts add to it. */
const drawers = [];

const state = {
  values: data.controls.map((control) => control.default),
  convention: 0,
  storage: 0,
  device: 0,
  network: 0,
  sort: "",
  find: "",
};
