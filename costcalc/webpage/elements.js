// Elements of the document.
//
// Names come from files that nobody vouches for: they are only ever set as text.

function byId(id) {
  return document.getElementById(id);
}

/** What a selector finds first in a network's section. */
function partOf(network, selector) {
  return network.section.querySelector(selector);
}

/** An element with attributes, but those that are null, and children; text stays text. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function button(text, onclick) {
  return element("button", {type: "button", onclick}, text);
}

/** A row of a table, which its first cell names. */
function tableRow(name, ...texts) {
  return element("tr", {}, element("th", {scope: "row"}, name),
    ...texts.map((text) => element("td", {}, text)));
}

/** Sets an element's text if it is another one: most cells stay as they are. */
function write(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}
