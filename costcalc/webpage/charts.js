// The charts: charts.py drew them; here their marks move, by the same rules.

/** Where a value stands on an axis, which is as ChartAxis.data of charts.py writes it. */
function placeOn(axis, value) {
  const [kind, ...ends] = axis.split(" ");
  const [low, high, start, end] = ends.map(Number);
  const scale = kind === "log" ? Math.log10 : (number) => number;
  const kept = Math.min(Math.max(value, low), high);
  return start + (scale(kept) - scale(low)) / (scale(high) - scale(low)) * (end - start);
}

/** The outline of bars, one for each value, the largest 1000 high. */
function stairs(values) {
  const most = Math.max(0, ...values);
  const heights = values.map((value) => (most ? Math.floor((2000 * value + most) / (2 * most)) : 0));
  return `M0 1000${heights.map((height, index) => `V${1000 - height}H${index + 1}`).join("")}V1000z`;
}

/** The radius of a bubble whose area is a part of the largest. */
function radius(part) {
  return 3 + 18 * Math.sqrt(Math.min(Math.max(part, 0), 1));
}

/** Draws the bytes alive in each step; names has those of the steps, amount writes bytes. */
function drawSteps(svg, names, values, amount) {
  const most = Math.max(0, ...values), fullest = Math.max(0, values.indexOf(most));
  const plane = svg.querySelector(".plane");
  plane.setAttribute("viewBox", `0 0 ${Math.max(values.length, 1)} 1000`);
  plane.querySelector(".bars").setAttribute("d", stairs(values));
  plane.querySelector(".fullest").setAttribute("d", `M${fullest} 1000V0h1V1000z`);
  svg.querySelector(".most").textContent = amount(most);
  const [left, width] = ["x", "width"].map((name) => Number(plane.getAttribute(name)));
  const part = (2 * fullest + 1) / (2 * Math.max(values.length, 1));
  const where = svg.querySelector(".where");
  where.textContent = names[fullest] ?? "";
  where.setAttribute("x", left + Math.round(width * part));
  where.setAttribute("text-anchor", part < 1 / 3 ? "start" : part > 2 / 3 ? "end" : "middle");
  svg.setAttribute("aria-label", `${svg.dataset.title}: ${amount(most)} in ${names[fullest] ?? ""}`);
}

/** Draws layers under a roof: points have an intensity, a speed, and a share of the time. */
function drawRoof(svg, points) {
  svg.querySelectorAll("circle").forEach((circle, index) => {
    const {intensity, speed, share} = points[index];
    circle.setAttribute("cx", placeOn(svg.dataset.x, intensity).toFixed(1));
    circle.setAttribute("cy", placeOn(svg.dataset.y, speed).toFixed(1));
    circle.setAttribute("r", (intensity && speed ? radius(share) : 0).toFixed(1));
    circle.setAttribute("class", intensity < Number(svg.dataset.ridge) ? "memory" : "compute");
  });
}

/** Moves the line of a network to what it costs now. */
function drawNow(svg, network, cost) {
  const mark = svg.querySelector(`.now[data-network="${network}"]`), at = placeOn(svg.dataset.x, cost);
  const [, , , start, end] = svg.dataset.x.split(" ").map(Number);
  mark.setAttribute("transform", `translate(${at.toFixed(1)})`);
  mark.querySelector("text").setAttribute("text-anchor", at > (start + end) / 2 ? "end" : "start");
}

drawers.push(drawAccuracies);

/** Moves the networks' lines in the chart of accuracies, which has the first convention. */
function drawAccuracies(answers) {
  const chart = document.querySelector("#accuracies svg");
  for (const [index, {everyTotal}] of chart ? answers.entries() : []) {
    if (everyTotal) drawNow(chart, index, approximate(everyTotal[0]));
  }
}
