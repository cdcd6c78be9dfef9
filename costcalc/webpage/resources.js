// Memory over steps, and layers under a device's roof: numbers of the tape, as text and charts.

drawers.push((answers) => {
  const [network, structure] = [networks[state.network], answers[state.network]];
  if ("refusal" in structure) return;
  drawMemory(network, structure);
  drawTimes(network, structure);
});

/** Bytes in a unit, or in a larger one from ten thousand of it on: ``2.5 KiB``. */
function inUnit(bytes, unit) {
  const step = unit === "KiB" ? 1024n : 1000n;
  if (compared(bytes, step) < 0) return `${bytes} B`;
  let scale = step, name = unit;
  for (const prefix of "MGT") {
    if (compared(bytes, 10_000n * scale) >= 0) [scale, name] = [scale * step, prefix + unit.slice(1)];
  }
  return `${rounded(quotient(bytes, scale), 1)} ${name}`;
}

/** Bytes, and the same in a storage's unit: ``2,560 B (2.5 KiB)``. */
function byteAmount(bytes, unit) {
  const text = inUnit(bytes, unit);
  return text.endsWith(" B") ? `${counted(bytes)} B` : `${counted(bytes)} B (${text})`;
}

/** Seconds as milliseconds of four digits. */
function milliseconds(seconds) {
  const [above, below] = fraction(seconds);
  return `${significant([1000n * above, below], 4)} ms`;
}

/** The facts and the chart of a network's memory under the storage that is chosen. */
function drawMemory(network, structure) {
  const section = partOf(network, "div.memory");
  if (section === null) return;
  const storage = data.storages[state.storage];
  const [names, alive, flash, bound, peak] = structure.memory[state.storage];
  const value = (cell) => network.tape.value(cell);
  const amount = (bytes) => byteAmount(bytes, storage.unit);
  const facts = {
    storage: `${storage.name}: ${storage.title}`,
    flash: amount(value(flash)),
    bound: amount(value(bound)),
    peak: !Array.isArray(peak)
      ? `not on this page: ${storage.planner} gives addresses, which costcalc memory finds`
      : `${amount(value(peak[0]))}, planner ${storage.planner}`,
  };
  drawFacts(section, facts);
  const values = valuesOf(network, network.shapes[alive]).map(approximate);
  drawSteps(section.querySelector("svg"), names.map((name) => network.texts[name]), values,
    (bytes) => inUnit(bytes, storage.unit));
}

/** The facts and the chart of a network's times on the device that is chosen. */
function drawTimes(network, structure) {
  const section = partOf(network, "div.times");
  if (section === null) return;
  const [bound, roofline, serial, ...steps] = structure.times[state.device];
  const value = (cell) => network.tape.value(cell);
  drawFacts(section, {
    device: data.devices[state.device].title,
    bound: milliseconds(value(bound)),
    roofline: milliseconds(value(roofline)),
    serial: milliseconds(value(serial)),
  });
  const total = approximate(value(roofline));
  const points = steps.map(([name, , operations, bytes, seconds]) => {
    const [work, moved, time] = valuesOf(network, [operations, bytes, seconds]).map(approximate);
    return {
      name: network.texts[name],
      intensity: moved ? work / moved : 0,
      speed: time ? work / time : 0,
      share: total ? time / total : 0,
    };
  });
  for (const [index, figure] of [...section.querySelectorAll("figure")].entries()) {
    figure.hidden = index !== state.device;
    const svg = figure.querySelector("svg");
    if (svg && !figure.hidden) drawPoints(svg, points);
  }
}

/** Points under a roof, as many as there are steps now. */
function drawPoints(svg, points) {
  const circles = [...svg.querySelectorAll("circle")];
  for (const circle of circles.splice(points.length)) circle.remove();
  while (circles.length < points.length) {
    circles.push(circles[0].cloneNode(true));
    svg.append(circles.at(-1));
  }
  for (const [index, {name}] of points.entries()) write(circles[index].firstElementChild, name);
  drawRoof(svg, points);
}

function drawFacts(section, facts) {
  for (const [name, text] of Object.entries(facts)) {
    write(section.querySelector(`[data-fact=${name}]`), text);
  }
}
