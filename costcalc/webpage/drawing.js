// The layer graph: drawing.py says how its levels are drawn; here they are opened, and filled in.
//
// A level names rows of the table by their distance from the first row of the block that is
// open, so that one drawing serves all equal blocks.

/**
 * The graph of a network: the outermost level, and beside it the blocks that are open.
 *
 * container: the element for the drawings.
 * sheet: for each level the number of the one that is drawn in its place, the rows of its boxes,
 *     the levels that these open, or null; and its picture if it is drawn.
 * texts: the words of the pictures.
 * figures: for some rows, what their box shows, {cost, shape, weight}: two texts and a number.
 * chosen: is told the rows of a box that the reader chooses.
 */
function openGraph(container, sheet, texts, figures, chosen) {
  container.replaceChildren();
  const open = [];

  /** Shows the level inside a box; the outermost if there is none. */
  function push(level, base, name, from = null) {
    const [drawing, rows, opens] = sheet[level];
    const [picture, drawn] = drawPicture(sheet[drawing][3], texts);
    picture.setAttribute("aria-label", name);
    const figure = element("figure", {}, element("figcaption", {}, name), picture);
    const boxes = drawn.map((box, index) => ({
      ...box,
      rows: [rows[index]].flat().map((row) => row + base),
      opens: opens[index],
    }));
    const place = {figure, boxes, from};
    boxes.forEach((box, index) => {
      box.element.setAttribute("role", "button");
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
    boxes.forEach((box, index) => {
      const {cost, shape, weight} = shown[index];
      const costs = box.type && cost && ` · ${cost}`;
      box.cost.textContent = costs;
      box.shape.textContent = shape;
      const part = most ? Math.sqrt(weight / most) : 0;
      box.rect.setAttribute("fill-opacity", Number(part.toFixed(2)));
      const words = [box.title, box.type + costs, shape, box.whole];
      box.element.setAttribute("aria-label", words.filter(Boolean).join(", "));
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

/** The SVG of a picture, as drawing.py makes it, and those of its boxes that are no tensors. */
function drawPicture(picture, texts) {
  if (!Array.isArray(picture)) {
    return [element("p", {}, `${counted(picture)} boxes are too many to draw: the table has them.`), []];
  }
  const [width, height, arrows, heads, sheets, boxes] = picture;
  const svg = svgElement("svg", {viewBox: `-8 -8 ${width} ${height}`, width, height, role: "group"});
  for (const [name, d] of Object.entries({arrows, heads, sheets})) {
    svg.append(svgElement("path", {class: name, d}));
  }
  const drawn = [];
  for (const [left, top, width, height, leaves, ...words] of boxes) {
    const [title, type, whole] = words.map((word) => texts[word]);
    const x = left + Math.floor(width / 2), y = top + Math.floor(height / 2);
    const rect = svgElement("rect", {x: left, y: top, width, height});
    const box = svgElement("g", {}, rect);
    const write = (x, y, ...words) => {
      const text = svgElement("text", {x, y}, ...words);
      box.append(text, " ");
      return text;
    };
    svg.append(box);
    if (words.length < 3) {
      box.setAttribute("class", "tensor");
      write(x, y + 4, title);
      continue;
    }
    const cost = svgElement("tspan");
    write(x, type ? y - 3 : y + 4, title);
    if (type) write(x, y + 11, type, cost);
    const shape = write(leaves + 6, top + height + 16);
    if (whole) box.append(svgElement("title", {}, whole));
    const name = whole ? whole.replace(": ", ", ") : [title, type].filter(Boolean).join(", ");
    drawn.push({element: box, rect, cost, shape, title, type, whole, name});
  }
  return [svg, drawn];
}

function svgElement(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
