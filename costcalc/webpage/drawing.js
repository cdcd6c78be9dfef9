// The layer graph: drawing.py says where its boxes are; here they are drawn, opened, and filled in.
//
// A level names rows of the table by their distance from the first row of the block that is
// open, so that one level serves all equal blocks.

/**
 * The graph of a network: the outermost level, and beside it the blocks that are open.
 *
 * container: the element for the drawings.
 * network: its levels and its pictures, as data.py writes them.
 * rowAt: a row of the table, by its number.
 * figures: for some rows, what their box shows, {cost, shape, weight}: two texts and a number.
 * chosen: is told the rows of a box that the reader chooses.
 */
function openGraph(container, {levels, pictures}, rowAt, figures, chosen) {
  container.replaceChildren();
  const open = [];

  /** Shows a level: the first row of its block, what it is called, the path around its rows, and
      the box that it is opened from. */
  function push(level, base, name, around, from) {
    const [number, members, opens, shortened] = levels[level];
    const boxes = members.map((member, index) => {
      const words = wordsOf([member].flat(), base, around), shown = shortened[index];
      const whole = shown && `${words.title}: ${words.type}`;
      return {...words, opens: opens[index], shown: shown ?? [words.title, words.type], whole};
    });
    const picture = drawPicture(pictures[number], boxes);
    const figure = element("figure", {}, element("figcaption", {}, name), picture);
    picture.setAttribute("aria-label", name);
    const place = {figure, around, from, boxes: boxes.filter(({rows, element}) => rows && element)};
    place.boxes.forEach((box, index) => {
      filled(box.element, {
        role: "button", tabindex: index ? -1 : 0,
        ...(box.opens === null ? {} : {"aria-expanded": "false"}),
        onclick: () => choose(place, box), onkeydown: (event) => step(event, place, index),
      }, []);
    });
    open.push(place);
    container.append(figure);
    fill(place);
  }

  /** The words of a box, and the numbers of its rows; a tensor has a name alone. */
  function wordsOf(members, base, around) {
    if (typeof members[0] === "string") return {title: members[0]};
    const rows = members.map((row) => row + base);
    const [first, last] = [rows[0], rows.at(-1)].map((row) => rowAt(row).path.slice(around.length));
    const {type} = rowAt(rows[0]);
    return first === last
      ? {rows, title: first, type}
      : {rows, title: `${first} … ${last}`, type: `${rows.length} × ${type}`};
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
    const isRun = box.rows.length > 1;
    push(box.opens, box.rows[0], box.title, isRun ? place.around : `${rowAt(box.rows[0]).path}/`, box);
    box.element.setAttribute("aria-expanded", "true");
  }

  function choose(place, box) {
    const isOpen = box.element.getAttribute("aria-expanded") === "true";
    if (isOpen) close(open.indexOf(place) + 1);
    else {
      expand(place, box);
      if (box.opens !== null) open.at(-1).figure.scrollIntoView({block: "nearest"});
    }
    chosen(box.rows.map(rowAt));
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
    const shown = boxes.map(({rows}) => figures(rows.map(rowAt)));
    const most = Math.max(0, ...shown.map(({weight}) => weight));
    boxes.forEach((box, index) => {
      const {cost, shape, weight} = shown[index];
      const costs = cost && ` · ${cost}`;
      box.cost.textContent = costs;
      box.shape.textContent = shape;
      const part = most ? Math.sqrt(weight / most) : 0;
      box.rect.setAttribute("fill-opacity", Number(part.toFixed(2)));
      const words = [box.shown[0], box.shown[1] + costs, shape, box.whole];
      box.element.setAttribute("aria-label", words.filter(Boolean).join(", "));
    });
  }

  return {
    /** Shows a structure by the number of its outermost level. */
    show(outermost, name) {
      close(0);
      push(outermost, 0, name, "");
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

/** The SVG of a picture. Each box is given its element, and those of what depends on the settings:
    its rect, its cost and its shape. */
function drawPicture(picture, boxes) {
  if (!Array.isArray(picture)) {
    return element("p", {}, `${counted(picture)} boxes are too many to draw: the table has them.`);
  }
  const [width, height, common, arrows, places] = picture;
  const svg = svgElement("svg", {viewBox: `-8 -8 ${width} ${height}`, width, height, role: "group"},
    svgElement("path", {d: arrows.replaceAll("z", "l-3-6m6 0l-3 6")}));
  places.forEach(([x, y, wide = common, high = 36, leaves = x], index) => {
    const box = boxes[index], [title, type] = box.shown;
    const left = x - (wide >> 1), top = y - (high >> 1), bottom = top + high;
    const write = (x, y, ...words) => svgElement("text", {x, y}, ...words);
    box.rect = svgElement("rect", {x: left, y: top, width: wide, height: high});
    box.cost = svgElement("tspan");
    box.shape = write(leaves + 6, bottom + 16);
    const lines = high < 36 ? [write(x, y + 4, title)]
      : [write(x, y - 3, title), write(x, y + 11, type, box.cost)];
    if (box.rows) lines.push(box.shape);
    if (box.whole) lines.push(svgElement("title", {}, box.whole));
    box.element = svgElement("g", box.rows ? {} : {class: "tensor"}, box.rect,
      ...lines.flatMap((line) => [line, " "]));
    if (box.opens !== null) {
      box.rect.before(svgElement("path", {d: `M${left + 4} ${bottom + 3}h${wide - 1}v${1 - high}`}));
    }
    svg.append(box.element);
  });
  return svg;
}

function svgElement(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}
