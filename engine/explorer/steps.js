// The steps of a computation, forward and backward, and what each of them says.
//
// `contents` are those of contents.py: the cards, and the numbers of the engine. In this order:
// numbers, computing, steps, words. Nothing here knows of a page.

// ---- numbers: as JSON has them, and as they are shown ----

export function read(x) {
  if (typeof x === "number" || x === null) return x;
  const text = String(x).trim().toLowerCase();
  const named = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  return Object.hasOwn(named, text) ? named[text] : text === "" ? undefined : Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** As Python's repr: 2.0, 0.5, 1e-07, nan, inf. */
export function repr(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Object.is(x, -0)) return "-0.0";
  const text = String(x).replace(/e([+-])(\d)$/, "e$10$2");
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** In four digits. */
export function short(x) {
  return Number.isFinite(x) ? repr(Number(x.toPrecision(4))) : repr(x);
}

// ---- computing: the chain rule, with the ops of a table ----

/** The numbers that follow from other leaves: {data, slopes, error}; values: {card: number}. */
export function calculated(contents, values, ops) {
  const data = [], slopes = [];
  for (const [i, card] of contents.nodes.entries()) {
    if (card.op === null) {
      data.push(values[i]);
      slopes.push([]);
      continue;
    }
    const xs = card.inputs.map((x) => (typeof x === "number" ? data[x] : read(x.number)));
    const op = ops[card.op];
    const z = op.value(...xs);
    const reason = failure(card.op.split("/")[0], op, z, xs);
    if (reason) return { data, slopes, error: { node: i, message: `${applied(card, xs.map(repr))}: ${reason}` } };
    data.push(z);
    slopes.push(card.slopes.map((slope, k) => (slope === null ? null : op.slopes[k](z, ...xs))));
  }
  return { data, slopes, error: null };
}

/** Why Python would have raised where JavaScript goes on with nan or an infinity; "" if it would not. */
function failure(name, row, z, xs) {
  const [x] = xs;
  if (row.divisors.some((i) => xs[i] === 0)) return "float division by zero";
  if (Number.isFinite(z) || xs.some(Number.isNaN) || row.goesOn) return "";
  if (name === "pow" && x === 0) return xs[1] === -Infinity ? "" : "0.0 cannot be raised to a negative power";
  if (name === "pow" && x < 0 && Number.isNaN(z)) return "a negative number has no real power with a fractional exponent";
  if (Number.isNaN(z)) return "math domain error";
  if (!xs.every(Number.isFinite)) return "";
  return name.startsWith("log") ? "math domain error" : "math range error";
}

/** One application of a card's op, as Python writes it. */
function applied(card, inputs) {
  if (!card.infix) return `${card.called}(${inputs.join(", ")})`;
  const operands = inputs.map((x) => (x.startsWith("-") ? `(${x})` : x));
  return operands.length === 1 ? card.called + operands[0] : operands.join(` ${card.called} `);
}

/** Which cards a gradient comes to: no op cuts them off that passes none on. */
function reached(contents) {
  const found = new Set([contents.nodes.length - 1]);
  for (let i = contents.nodes.length - 1; i >= 0; i--) {
    if (!found.has(i)) continue;
    contents.nodes[i].inputs.forEach((x, k) => contents.nodes[i].slopes[k] !== null && found.add(x));
  }
  return found;
}

// ---- steps ----

/** From the inputs to the output, then a step for each contribution, in the order of backward(). */
export function stepsOf(contents, error) {
  const steps = [{ phase: "start" }];
  for (const [i, card] of contents.nodes.entries()) {
    if (card.op === null) continue;
    steps.push({ phase: "forward", node: i });
    if (error && !error.kept && error.node === i) return steps;
  }
  steps.push({ phase: "seed", node: contents.nodes.length - 1 });
  const there = reached(contents);
  for (let i = contents.nodes.length - 1; i >= 0; i--) {
    if (!there.has(i) || contents.nodes[i].op === null) continue;
    contents.nodes[i].slopes.forEach((slope, k) => {
      if (slope !== null) steps.push({ phase: "backward", node: i, input: k, target: contents.nodes[i].inputs[k] });
    });
  }
  steps.push({ phase: "done" });
  return steps;
}

/** What is known after steps[0..at]: which cards have data, their grads and what has arrived there. */
export function stateAt(contents, numbers, steps, at) {
  const n = contents.nodes.length;
  const state = { known: new Set(), begun: false, grads: Array(n).fill(0), arrived: [], wanted: Array(n).fill(0), passed: new Set() };
  for (let i = 0; i < n; i++) {
    state.arrived.push([]);
    if (contents.nodes[i].op === null) state.known.add(i);
  }
  for (const [s, step] of steps.entries()) {
    if (step.phase === "backward") state.wanted[step.target]++;
    if (s > at) continue;
    if (step.phase === "forward" && !(numbers.error && !numbers.error.kept && numbers.error.node === step.node)) state.known.add(step.node);
    if (step.phase === "seed") {
      state.begun = true;
      state.grads[step.node] = 1;
    }
    if (step.phase === "backward") {
      const share = state.grads[step.node] * numbers.slopes[step.node][step.input];
      state.grads[step.target] += share;
      state.arrived[step.target].push(share);
      state.passed.add(`${step.node}/${step.input}`);
    }
  }
  return state;
}

// ---- words ----

/** A text of words.json with the values it has places for: "{k} of {n}". */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A name as it stands in a formula: in angle brackets if it would read as one. */
const term = (name) => (/^[\p{L}\p{N}_.]+$/u.test(name) ? name : `⟨${name}⟩`);

/** What a step says: {rule, numbers, note, alert}; rule and numbers are lists of [kind, text]. */
export function telling(contents, numbers, steps, at, state, words) {
  const step = steps[at], cards = contents.nodes;
  const name = (i) => term(cards[i].name), top = name(cards.length - 1);
  const slope = (i) => `d${top}/d${name(i)}`;
  const inBrackets = (x) => (x.startsWith("-") ? `(${x})` : x);
  if (step.phase === "start") return { rule: [["", top]], numbers: [], note: words.given };
  if (step.phase === "seed") return { rule: [["grad", slope(step.node)], ["", " = 1"]], numbers: [["grad", "1.0"]], note: words.seeded };
  if (step.phase === "done") {
    const leaves = cards.map((card, i) => i).filter((i) => cards[i].op === null);
    const shown = leaves.slice(0, 4).map((i) => `${slope(i)}\u00a0=\u00a0${short(state.grads[i])}`).join(", ");
    return { rule: [["grad", shown + (leaves.length > 4 ? ", …" : "")]], numbers: [], note: words.finished };
  }
  const card = cards[step.node];
  if (step.phase === "forward") {
    const inputs = card.inputs.map((x) => (typeof x === "number" ? name(x) : short(read(x.number))));
    const taken = card.inputs.map((x) => short(typeof x === "number" ? numbers.data[x] : read(x.number)));
    const rule = [["data", name(step.node)], ["", ` = ${applied(card, inputs)}`]];
    if (numbers.error && !numbers.error.kept && numbers.error.node === step.node) {
      return { rule, numbers: [["error", numbers.error.message]], note: words.failed, alert: true };
    }
    const list = card.slopes.map((text, k) => text === null ? "" :
      `d${name(step.node)}/d${inputs[k]} = ${[text.replace(/^\((.*)\)$/, "$1"), short(numbers.slopes[step.node][k])].filter((x, j, all) => j === 0 || Number(all[0]) !== Number(x)).join(" = ")}`);
    const found = list.filter((text, k) => text && list.indexOf(text) === k);
    return {
      rule, note: found.length ? filled(words.slopes, { list: found.join(",  ") }) : words.noSlopes,
      numbers: [["", applied(card, taken)], ["", " = "], ["data", short(numbers.data[step.node])]],
    };
  }
  const { target, input } = step, arrived = state.arrived[target], n = state.wanted[target];
  const share = arrived[arrived.length - 1], local = numbers.slopes[step.node][input];
  const sum = arrived.map((x, k) => (k ? inBrackets(short(x)) : short(x))).join(" + ");
  const so = { name: name(target), k: arrived.length, n, missing: n - arrived.length };
  const note = n === 1 ? filled(words.once, so) : arrived.length < n
    ? filled(so.k === 1 ? words.someOne : words.some, { ...so, sum: short(state.grads[target]) })
    : filled(words.all, { ...so, sum: `${slope(target)} = ${sum} = ${short(state.grads[target])}` });
  return {
    rule: [["grad", slope(target)], ["", " += "], ["grad", slope(step.node)], ["", " * "], ["data", card.slopes[input]]], note,
    numbers: [["grad", short(state.grads[step.node])], ["", " * "], ["data", inBrackets(short(local))], ["", " = "], ["grad", short(share)]],
  };
}
