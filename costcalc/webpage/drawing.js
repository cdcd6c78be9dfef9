// The layer graph: drawing.py drew its levels; here they are opened, and filled in.
//
// A level names rows of the table by their distance from the first row of the block that is
// open, so that one drawing serves all equal blocks.

/**
 * The graph of a network: the outermost level, and beside it the blocks that are open.
 *
 * container: the element with the drawings.
 * sheet: for each level the number of its drawing, the rows of its boxes, and the levels that
 *     these open, or null.
 * figures: for some rows, what their box shows, {cost, shape, weight}: two texts and a number.
 * chosen: is told the rows of a box that the reader chooses.
 */
function openGraph(container, sheet, figures, chosen) {
  const drawings = new Map();
  for (const figure of container.querySelectorAll("figure")) drawings.set(figure.dataset.level, figure);
  container.replaceChildren();
  const open = [];

  /** Shows the level inside a box; the outermost if there is none. */
  function push(level, base, name, from = null) {
    const [drawing, rows, opens] = sheet[level];
    const figure = drawings.get(String(drawing)).cloneNode(true);
    const boxes = [...figure.querySelectorAll("g:not(.tensor)")].map((element, index) => ({
      element,
      name: nameOf(element),
      rows: [rows[index]].flat().map((row) => row + base),
      opens: opens[index],
    }));
    const place = {figure, boxes, from};
    figure.querySelector("figcaption").textContent = name;
    const svg = figure.querySelector("svg");
    if (svg) {
      svg.setAttribute("role", "group");
      svg.setAttribute("aria-label", name);
    }
    boxes.forEach((box, index) => {
      box.element.setAttribute("role", "button");
      for (const text of box.element.querySelectorAll("text")) text.after(" ");
      box.element.setAttribute("tabindex", index ? -1 : 0);
      if (box.opens !== null) box.element.setAttribute("aria-expanded", "false");
      box.element.addEventListener("click", () => choose(place, box));
      box.element.addEventListener("keydown", (event) => step(event, place, index));
    });
    open.push(place);
    container.append(figure);
    fill(place);
  }

  /** Closes the levels beyond some. */
  function close(count) {
    for (const {figure, from} of open.splice(count)) {
      figure.remove();
      if (from) from.element.setAttribute("aria-expanded", "false");
    }
  }

  /** Opens a box if it opens, beside the level that it is in. */
  function expand(place, box) {
    close(open.indexOf(place) + 1);
    mark(place, box);
    if (box.opens === null) return;
    push(box.opens, box.rows[0], box.name.split(",")[0], box);
    box.element.setAttribute("aria-expanded", "true");
  }

  function choose(place, box) {
    const isOpen = box.element.getAttribute("aria-expanded") === "true";
    if (isOpen) close(open.indexOf(place) + 1);
    else {
      expand(place, box);
      if (box.opens !== null) open.at(-1).figure.scrollIntoView({block: "nearest"});
    }
    chosen(box.rows);
  }

  /** Marks a box, and has it seen where its level is larger than its figure. */
  function mark(place, box) {
    const view = place.figure.getBoundingClientRect(), here = box.element.getBoundingClientRect();
    if (here.top < view.top || here.bottom > view.bottom) {
      place.figure.scrollTop += here.top - view.top - view.height / 2;
    }
    for (const other of place.boxes) {
      other.element.classList.toggle("chosen", other === box);
      other.element.setAttribute("tabindex", other === box ? 0 : -1);
    }
  }

  /** Keys: the arrows go from box to box, Enter and the space bar choose, Escape goes back. */
  function step(event, place, index) {
    const way = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
    const from = open.indexOf(place);
    if (event.key === "Enter" || event.key === " ") choose(place, place.boxes[index]);
    else if (event.key === "Escape" && place.from) {
      close(from);
      place.from.element.focus();
    } else if (way) {
      const next = place.boxes[index + way];
      if (!next) return;
      mark(place, next);
      next.element.focus();
    } else return;
    event.preventDefault();
  }

  /** Fills in what the boxes of a level show at the settings of now. */
  function fill({boxes}) {
    const shown = boxes.map(({rows}) => figures(rows));
    const most = Math.max(0, ...shown.map(({weight}) => weight));
    boxes.forEach(({element}, index) => {
      const {cost, shape, weight} = shown[index];
      const costs = element.querySelector("tspan");
      if (costs) costs.textContent = cost && ` · ${cost}`;
      element.querySelector("text:last-of-type").textContent = shape;
      const part = most ? Math.sqrt(weight / most) : 0;
      element.querySelector("rect").setAttribute("fill-opacity", Number(part.toFixed(2)));
      element.setAttribute("aria-label", [...element.querySelectorAll("text, title")]
        .map((each) => each.textContent).filter(Boolean).join(", "));
    });
  }

  return {
    /** Shows a structure by the number of its outermost level. */
    show(outermost, name) {
      close(0);
      push(outermost, 0, name);
    },
    /** Shows other settings of the same structure. */
    update: () => open.forEach(fill),
    /** Opens the levels down to a row of the table, and marks its box. */
    reveal(row) {
      close(1);
      for (let place = open[0]; place; place = open[open.indexOf(place) + 1]) {
        const box = place.boxes.filter(({rows}) => rows[0] <= row).at(-1);
        if (!box) return;
        if (box.rows.includes(row) && box.rows.length === 1) {
          mark(place, box);
          return;
        }
        expand(place, box);
      }
    },
  };
}

/** A box by its title and its type, as they are before they are shortened. */
function nameOf(box) {
  const title = box.querySelector("title");
  if (title) return title.textContent.replace(": ", ", ");
  const [name, type] = box.querySelectorAll("text:not(:last-of-type)");
  return type ? `${name.textContent}, ${type.firstChild.textContent}` : name.textContent;
}
