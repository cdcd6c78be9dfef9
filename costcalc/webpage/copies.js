// What the reader takes along: a link, a command, CSV, LaTeX, a claim.

const COPIES = {
  link: () => location.href,
  command: commandOf,
  CSV: csvOf,
  LaTeX: latexOf,
  claim: claimOf,
};

function makeCopies() {
  const text = element("textarea", {readonly: true, rows: 6, "aria-label": "what was copied", hidden: true});
  const said = element("span", {role: "status"});
  const buttons = Object.entries(COPIES).map(([name, make]) => button(name, async () => {
    remember();
    text.value = make();
    text.hidden = false;
    try {
      await navigator.clipboard.writeText(text.value);
      write(said, `${name} copied`);
    } catch {
      text.select();
      write(said, `the ${name}, to copy:`);
    }
  }));
  byId("taken").append(element("p", {class: "tools"}, "copy as ", ...buttons, " ", said), text);
}

/** An argument of a shell: in quotes if a shell would read more than text in it. */
function shellWord(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The settings of a network that costcalc has to be told, as pairs. */
function toldSettings(network) {
  const told = new Map(network.told);
  for (const {name, value, default: opening} of controlsOf(network)) {
    if (told.has(name) || value !== opening) told.set(name, value);
  }
  return [...told].filter(([, text]) => text !== "");
}

function optionOf([name, text]) {
  const isOwn = name === "alpha" || name === "res";
  return isOwn ? `--${name} ${shellWord(text)}` : `--set ${shellWord(`${name}=${text}`)}`;
}

function commandOf() {
  const convention = shownConvention();
  const count = [
    ...(convention.reference === "paper" ? [] : [`--convention ${shellWord(convention.reference)}`]),
    ...(data.units[state.unit] ? [`--unit ${data.units[state.unit]}`] : []),
  ];
  if (networks.length === 1) {
    const [network] = networks;
    const options = toldSettings(network).map(optionOf);
    return ["costcalc report", shellWord(network.name), ...options, ...count].join(" ");
  }
  const references = networks.map((network) => shellWord(referenceOf(network)));
  return ["costcalc compare", ...references, ...count].join(" ");
}

/** A network with its settings, as one word. */
function referenceOf(network) {
  const settings = toldSettings(network).map(([name, text]) => `${name}=${text}`).join(",");
  return settings ? `${network.name}@${settings}` : network.name;
}

function current() {
  const network = networks[state.network], structure = answer(network);
  return "refusal" in structure ? null : {network, ...structure};
}

function csvOf() {
  const shown = current();
  if (shown === null) return "";
  const {network, rows, totals} = shown;
  const lines = rows.filter((row) => !row.isSum).map((row) => {
    const counts = costsOf(network, row.counts);
    const costs = counts.flatMap((count, index) => [
      writeExact(count), floatText(percent(count, totals[index])),
    ]);
    return [
      row.path, row.type,
      sizeText(network, row.filter, row.suffix, "x"),
      sizeText(network, row.input, "", "x"),
      sizeText(network, row.output, "", "x"),
      ...(costs.length ? costs : NO_COSTS),
    ].map(csvField).join(",");
  });
  const head = "name,type,filter,input,output,mult_adds,mult_adds_percent,params,params_percent";
  return `${[head, ...lines].join("\n")}\n`;
}

/** A part of a total in per cent, the nearest float, as read from 60 decimals; 0 if there is no
    total. */
function percent(part, total) {
  const [a, b] = fraction(quotient(part, total));
  return Number(`${100n * 10n ** 60n * a / b}e-60`);
}

/** A float as Python writes it. */
function floatText(value) {
  if (Number.isInteger(value)) return `${value}.0`;
  return value < 1e-4 ? value.toExponential().replace(/-(\d)$/, "-0$1") : String(value);
}

function csvField(text) {
  const safe = /^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const LATEX = {
  "\\": "backslash", "^": "asciicircum", "~": "asciitilde", "<": "less", ">": "greater", "|": "bar",
};

/** Text without characters that LaTeX takes for its own. */
function latexText(text) {
  return text
    .replace(/[{}$&#%_]|([\\^~<>|])/g, (character, named) =>
      named ? `\\text${LATEX[named]}{}` : `\\${character}`)
    .replaceAll("[", "{[}")
    .replaceAll("×", "$\\times$");
}

function latexOf() {
  const shown = current();
  if (shown === null) return "";
  const {network, rows, totals} = shown;
  const size = (cells, suffix = "") => cells === undefined
    ? "" : `$${valuesOf(network, cells).join("\\times ")}$${suffix}`;
  const convention = shownConvention();
  const heads = ["Type / Stride", "Layer", "Filter Shape", "Input Size", convention.heading, "%", "Params", "%"];
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  return [
    `% ${network.title}`,
    `% settings: ${settingsText(network)}`,
    `% convention: ${convention.name}: ${convention.title}`,
    "% \\usepackage{booktabs}",
    "\\begin{tabular}{llllrrrr}",
    "\\toprule",
    line(heads.map(latexText)),
    "\\midrule",
    ...rows.map((row) => line([
      "\\quad ".repeat(row.depth) + latexText(row.title),
      latexText(row.path), size(row.filter, row.suffix), size(row.input),
      ...costTexts(costsOf(network, row.counts), totals),
    ])),
    "\\midrule",
    line(["Total", "", "", "", counted(totals[0]), "", counted(totals[1]), ""]),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

function claimOf() {
  const {reference, times} = shownConvention();
  const counting = (reference === "paper" ? "" : `, convention: ${yamlText(reference)}`) +
    (times > 1 ? `, times: ${times}` : "");
  const lines = networks.flatMap((network) => {
    const {totals} = answer(network);
    if (totals === undefined) return [];
    const [multAdds, params] = totals.map(counted);
    return [`  - {network: ${yamlText(referenceOf(network))}${counting}, ` +
      `params: "${params}"${times ? `, mult_adds: "${multAdds}"` : ""}}`];
  });
  const unsaid = times ? [] : ["# no mult_adds: a claim has them in the convention's own unit"];
  return ["claims:", ...unsaid, ...lines, ""].join("\n");
}

function yamlText(text) {
  return JSON.stringify(text);
}
