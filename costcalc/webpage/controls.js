// The controls, and the address that keeps what they say.

/** What the reader chooses besides settings: the state has the number of each. */
const SELECTORS = [
  ["convention", "how costs are counted", data.conventions.map(({name}) => name)],
  ["storage", "how numbers are kept in memory", data.storages.map(({name}) => name)],
  ["device", "what the networks run on", data.devices.map(({name}) => name)],
  ["network", "whose layers are shown", networks.map(({title}) => title)],
];

function makeControls() {
  const form = byId("controls");
  form.hidden = false;
  for (const [index, control] of data.controls.entries()) {
    const make = control.kind === "choice" ? choiceOf : numberOf;
    form.append(make(index, control));
  }
  for (const [name, meaning, options] of SELECTORS) {
    if (options.length > 1) form.append(selectOf(name, meaning, options));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** What a control is called in the address: its name, with a number if it is not the first, and
    marked if the page has another use for the word. */
function keyOf(control) {
  const words = [...SELECTORS.map(([word]) => word), "sort", "find"];
  const name = words.includes(control.name) ? `set.${control.name}` : control.name;
  const alike = data.controls.filter((each) => each.name === control.name);
  return alike[0] === control ? name : `${name}.${control.networks[0] + 1}`;
}

function labelOf(id, control) {
  const isShared = control.networks.length === networks.length;
  const owners = control.networks.map((index) => networks[index].label).join(", ");
  return [
    element("label", {for: id}, control.name),
    element("small", {id: `${id}-meaning`}, isShared ? control.meaning : `${control.meaning} (${owners})`),
  ];
}

function numberOf(index, control) {
  const id = `control${index}`;
  const field = element("input", {
    id, inputmode: "decimal", autocomplete: "off", spellcheck: "false",
    "aria-describedby": `${id}-meaning ${id}-problem`,
    oninput: () => moveTo(index, field.value, field), onchange: remember,
  });
  const slider = element("input", {
    type: "range", min: 0, max: control.values.length - 1, "aria-label": control.name,
    oninput: () => moveTo(index, control.values[slider.value], slider), onchange: remember,
  });
  const problem = element("small", {id: `${id}-problem`, class: "problem", role: "alert"});
  const [low, high] = [control.values[0], control.values.at(-1)];
  control.show = (text, source) => {
    const number = read(control, text);
    field.setAttribute("aria-invalid", number === null);
    const what = control.kind === "whole" ? "a whole number" : "a number, such as 0.35 or 7/20,";
    write(problem, number === null ? `${what} from ${low} to ${high}` : "");
    if (source !== field) field.value = text;
    if (number === null) return;
    if (source !== slider) slider.value = nearest(control, number);
    slider.setAttribute("aria-valuetext", text);
  };
  control.show(control.default);
  return element("div", {class: "control"}, ...labelOf(id, control), field, slider, problem);
}

/** The slider's step whose value is the last that is not above a number. */
function nearest(control, number) {
  const above = control.values.findIndex((value) => compared(parseExact(value), number) > 0);
  return above < 0 ? control.values.length - 1 : Math.max(above - 1, 0);
}

function choiceOf(index, control) {
  const id = `control${index}`;
  const options = control.values.map((value) =>
    element("option", {value}, value || "follows from the others"));
  const select = element("select", {
    id, "aria-describedby": `${id}-meaning`,
    onchange: () => { moveTo(index, select.value, select); remember(); },
  }, ...options);
  control.show = (text) => { select.value = text; };
  control.show(control.default);
  return element("div", {class: "control"}, ...labelOf(id, control), select);
}

function selectOf(name, meaning, options) {
  const id = `choose-${name}`;
  const select = element("select", {
    id, "aria-describedby": `${id}-meaning`,
    onchange: () => { state[name] = select.selectedIndex; draw(); remember(); },
  }, ...options.map((option) => element("option", {}, option)));
  return element("div", {class: "control"}, element("label", {for: id}, name),
    element("small", {id: `${id}-meaning`}, meaning), select);
}

/** Takes a control's new text, if it is a value. */
function moveTo(index, text, source) {
  const control = data.controls[index];
  control.show(text, source);
  if (read(control, text) === null) return;
  state.values[index] = text.trim();
  draw();
}

// The address

/** Writes the state into the address: only what differs from what the page opens with. */
function remember() {
  const words = new URLSearchParams();
  for (const [index, control] of data.controls.entries()) {
    if (state.values[index] !== control.default) words.set(keyOf(control), state.values[index]);
  }
  for (const [name, , options] of SELECTORS) {
    if (state[name]) words.set(name, options[state[name]]);
  }
  if (state.sort) words.set("sort", state.sort);
  if (state.find) words.set("find", state.find);
  const hash = String(words).replaceAll("%2F", "/");
  try {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  } catch {
    // A notebook's frame has no address of its own.
  }
}

/** Takes the state from the address; what is no value there stays as it is. */
function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  for (const [index, control] of data.controls.entries()) {
    const text = words.get(keyOf(control)) ?? control.default;
    if (read(control, text) !== null) state.values[index] = text.trim();
    control.show(state.values[index]);
  }
  for (const [name, , options] of SELECTORS) {
    state[name] = Math.max(options.indexOf(words.get(name)), 0);
    const select = byId(`choose-${name}`);
    if (select) select.selectedIndex = state[name];
  }
  state.sort = SORTS.includes(words.get("sort")) ? words.get("sort") : "";
  state.find = words.get("find") ?? "";
  draw();
}
