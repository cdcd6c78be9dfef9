// The controls, and the address that keeps what they say.

/** A control's value as the tape takes it; null if the text is none. */
function read({kind, values}, text) {
  if (kind === "choice") return values.includes(text) ? text : null;
  const number = parseExact(text.trim());
  if (number === null) return null;
  const [low, high] = [values[0], values.at(-1)].map(parseExact);
  const isInside = compared(number, low) >= 0 && compared(number, high) <= 0;
  return isInside && (kind !== "whole" || !Array.isArray(number)) ? number : null;
}

function makeControls() {
  const form = byId("controls");
  form.hidden = false;
  form.append(...controls.map(controlOf), element("p", {class: "problem", role: "alert"}));
  form.addEventListener("submit", (event) => event.preventDefault());
}

function controlOf(control, index) {
  const {kind, values} = control, id = `control${index}`, isChoice = kind === "choice";
  const field = element(isChoice ? "select" : "input", {
    id, "aria-describedby": `${id}-meaning ${id}-problem`,
    ...(isChoice ? {} : {inputmode: "decimal", autocomplete: "off", spellcheck: "false"}),
    oninput: () => moveTo(field.value, field), onchange: remember,
  });
  if (isChoice) field.append(...values.map((value) =>
    element("option", {value}, value || "follows from the others")));
  const slider = isChoice ? "" : element("input", {
    type: "range", min: 0, max: values.length - 1, "aria-label": control.name,
    oninput: () => moveTo(values[slider.value], slider), onchange: remember,
  });
  const problem = element("small", {id: `${id}-problem`, class: "problem", role: "alert"});

  /** Shows a text, or what is wrong with it; source is where the reader has moved it. */
  control.show = (text, source) => {
    const value = read(control, text), isWrong = value === null;
    field.setAttribute("aria-invalid", isWrong);
    write(problem, isWrong ? problemOf(control, text) : "");
    if (source !== field) field.value = isWrong && isChoice ? control.value : text;
    if (isWrong || isChoice) return;
    if (source !== slider) slider.value = nearest(control, value);
    slider.setAttribute("aria-valuetext", text);
  };

  /** Takes a new text, if it is a value. */
  function moveTo(text, source) {
    control.show(text, source);
    if (read(control, text) === null) return;
    take(control, text);
    draw();
  }

  return element("div", {class: "control"}, element("label", {for: id}, control.name), field,
    slider, element("small", {id: `${id}-meaning`}, control.meaning), problem);
}

function problemOf({kind, values}, text) {
  if (kind === "choice") return `“${text}” is none of these`;
  const what = kind === "whole" ? "a whole number" : "a number, such as 0.35 or 7/20,";
  return `${what} from ${values[0]} to ${values.at(-1)}`;
}

/** The slider's step whose value is the last that is not above a number. */
function nearest({values}, number) {
  return Math.max(0, values.findLastIndex((value) => compared(parseExact(value), number) <= 0));
}

// The address

/** Writes the state into the address: only what differs from what the page opens with. */
function remember() {
  const words = new URLSearchParams();
  for (const {key, value, default: usual} of controls) if (value !== usual) words.set(key, value);
  for (const key of ["sort", "find"]) if (state[key]) words.set(key, state[key]);
  const hash = String(words).replaceAll("%2F", "/");
  try {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  } catch {
    // A notebook's frame has no address of its own.
  }
}

/** Takes the state from the address, and says what in it means nothing. */
function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  const taken = (key, usual) => {
    const text = words.get(key) ?? usual;
    words.delete(key);
    return text;
  };
  for (const control of controls) {
    const text = taken(control.key, control.default);
    take(control, read(control, text) === null ? control.default : text);
    control.show(text);
  }
  state.sort = SORTS.includes(words.get("sort")) ? taken("sort") : "";
  state.find = taken("find", "");
  const rest = decodeURIComponent(words);
  write(byId("controls").lastElementChild, rest && `This page has nothing for ${rest} in its address.`);
  draw();
}
