// The explorer: a film of a graph, stepped through forward and backward.
//
// A film (see cards.py) holds cards, where they stand, and the numbers of the engine. Here are, in
// this order: numbers, computing, steps, words, the page. Text from a film is only ever textContent.

// ---- numbers: as JSON has them, and as they are shown ----

export function read(x) {
  if (typeof x === "number" || x === null) return x;
  const text = String(x).trim().toLowerCase();
  const named = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  return text in named ? named[text] : text === "" ? undefined : Number.isNaN(Number(text)) ? undefined : Number(text);
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

/** What numbers a film has with other leaves: {data, slopes, error}; values: {card: number}. */
export function calculated(film, values, ops) {
  const data = [], slopes = [];
  for (const [i, card] of film.nodes.entries()) {
    if (card.op === null) {
      data.push(values[i]);
      slopes.push([]);
      continue;
    }
    const xs = card.inputs.map((x) => (typeof x === "number" ? data[x] : read(x.number)));
    const op = ops[card.op];
    const z = op.value(...xs);
    const reason = failure(card.op, z, xs);
    if (reason) return { data, slopes, error: { node: i, message: `${applied(card, xs.map(repr))}: ${reason}` } };
    data.push(z);
    slopes.push(card.slopes.map((slope, k) => (slope === null ? null : op.slopes[k](z, ...xs))));
  }
  return { data, slopes, error: null };
}

/** Why Python would have raised where JavaScript goes on with nan or an infinity; "" if it would not. */
function failure(op, z, xs) {
  const name = op.split("/")[0], [x, y] = xs;
  if (name === "div" && y === 0) return "float division by zero";
  if (Number.isFinite(z) || xs.some(Number.isNaN) || PLAIN.has(name)) return "";
  if (name === "pow" && x === 0) return y === -Infinity ? "" : "0.0 cannot be raised to a negative power";
  if (name === "pow" && x < 0 && Number.isNaN(z)) return "a negative number has no real power with a fractional exponent";
  if (Number.isNaN(z)) return "math domain error";
  if (!xs.every(Number.isFinite)) return "";
  return name.startsWith("log") ? "math domain error" : "math range error";
}

// Those that Python lets overflow.
const PLAIN = new Set("add sub mul div neg dot leaky_relu elu gelu silu hypot maximum minimum".split(" "));

/** One application of a card's op, as Python writes it. */
function applied(card, inputs) {
  if (!card.infix) return `${card.called}(${inputs.join(", ")})`;
  const operands = inputs.map((x) => (x.startsWith("-") ? `(${x})` : x));
  return operands.length === 1 ? card.called + operands[0] : operands.join(` ${card.called} `);
}

/** Which cards a gradient comes to: no op cuts them off that passes none on. */
function reached(film) {
  const found = new Set([film.nodes.length - 1]);
  for (let i = film.nodes.length - 1; i >= 0; i--) {
    if (!found.has(i)) continue;
    film.nodes[i].inputs.forEach((x, k) => film.nodes[i].slopes[k] !== null && found.add(x));
  }
  return found;
}

// ---- steps ----

/** From the inputs to the output, then a step for each contribution, in the order of backward(). */
export function stepsOf(film, error) {
  const steps = [{ phase: "start" }];
  for (const [i, card] of film.nodes.entries()) {
    if (card.op === null) continue;
    steps.push({ phase: "forward", node: i });
    if (error && !error.kept && error.node === i) return steps;
  }
  steps.push({ phase: "seed", node: film.nodes.length - 1 });
  const there = reached(film);
  for (let i = film.nodes.length - 1; i >= 0; i--) {
    if (!there.has(i) || film.nodes[i].op === null) continue;
    film.nodes[i].slopes.forEach((slope, k) => {
      if (slope !== null) steps.push({ phase: "backward", node: i, input: k, target: film.nodes[i].inputs[k] });
    });
  }
  steps.push({ phase: "done" });
  return steps;
}

/** What is known after steps[0..at]: which cards have data, their grads and what has arrived there. */
export function stateAt(film, numbers, steps, at) {
  const n = film.nodes.length;
  const state = { known: new Set(), begun: false, grads: Array(n).fill(0), arrived: [], wanted: Array(n).fill(0), passed: new Set() };
  for (let i = 0; i < n; i++) {
    state.arrived.push([]);
    if (film.nodes[i].op === null) state.known.add(i);
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

const WORDS = {
  en: {
    other: "中文", otherLabel: "中文：切换到中文", first: "First step", back: "Previous step", next: "Next step", last: "Last step", play: "Play", pause: "Pause",
    position: "Step", graph: "Graph of the computation", leaves: "Inputs", controls: "Steps", data: "data", grad: "grad",
    start: "Start", forward: "Forward", seed: "Backward", backward: "Backward", done: "Done",
    given: "The inputs are given. Each step forward computes one number from the ones before it.",
    slopes: (list) => `Local slopes, kept for the way back: ${list}`,
    noSlopes: "No gradient passes through this operation.",
    seeded: "The way back begins at the output, whose gradient is 1. All others start at 0 and add up.",
    once: (name) => `${name} is used once: its gradient is complete.`,
    some: (name, k, n, sum) => `${name} is used ${n} times: ${k} of ${n} contributions ${k === 1 ? "has" : "have"} arrived, ${n - k} missing. So far ${sum}.`,
    all: (name, n, sum) => `${name} is used ${n} times: all ${n} contributions have arrived. ${sum}`,
    finished: "Every contribution has arrived: these are the gradients of the inputs.",
    failed: "There is no such number. Choose other inputs to go on.",
    kept: "That change was refused; the numbers are as they were.",
    fixed: (op) => `The inputs are fixed here: the page cannot compute ${op}, an operation of your own.`,
    keys: "Keys: ← → step, space plays, Home and End. Select a card to jump to it.",
    value: (name) => `Value of ${name}`, uses: (k, n) => `${k} of ${n} contributions`, unread: "This is not a number.",
  },
  zh: {
    other: "English", otherLabel: "English: switch to English", first: "第一步", back: "上一步", next: "下一步", last: "最后一步", play: "播放", pause: "暂停",
    position: "步骤", graph: "计算图", leaves: "输入", controls: "步骤", data: "数值", grad: "梯度",
    start: "开始", forward: "前向", seed: "反向", backward: "反向", done: "完成",
    given: "输入已给定。每向前一步，就由前面的数算出一个新的数。",
    slopes: (list) => `局部导数，留给反向传播：${list}`,
    noSlopes: "梯度不经过这个运算。",
    seeded: "反向传播从输出开始，它的梯度是 1；其余的梯度从 0 开始累加。",
    once: (name) => `${name} 只被用到一次：它的梯度已经完整。`,
    some: (name, k, n, sum) => `${name} 被用到 ${n} 次：${n} 个贡献中已到达 ${k} 个，还缺 ${n - k} 个。目前为 ${sum}。`,
    all: (name, n, sum) => `${name} 被用到 ${n} 次：${n} 个贡献全部到达。${sum}`,
    finished: "所有贡献都已到达：这就是各个输入的梯度。",
    failed: "这里没有值。请换一个输入再继续。",
    kept: "这次修改未被接受，数值保持不变。",
    fixed: (op) => `此处输入不可更改：页面无法计算自定义运算 ${op}。`,
    keys: "按键：← → 单步，空格播放，Home 与 End 跳到首尾。选择卡片即可跳转。",
    value: (name) => `${name} 的值`, uses: (k, n) => `${n} 个贡献中的 ${k} 个`, unread: "这不是一个数。",
  },
};

/** A name as it stands in a formula: in angle brackets if it would read as one. */
const term = (name) => (/^[\p{L}\p{N}_.]+$/u.test(name) ? name : `⟨${name}⟩`);

/** What a step says: {rule, numbers, note, alert}; rule and numbers are lists of [kind, text]. */
export function telling(film, numbers, steps, at, state, words) {
  const step = steps[at], cards = film.nodes;
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
      rule, note: found.length ? words.slopes(found.join(",  ")) : words.noSlopes,
      numbers: [["", applied(card, taken)], ["", " = "], ["data", short(numbers.data[step.node])]],
    };
  }
  const { target, input } = step, arrived = state.arrived[target], n = state.wanted[target];
  const share = arrived[arrived.length - 1], local = numbers.slopes[step.node][input];
  const sum = arrived.map((x, k) => (k ? inBrackets(short(x)) : short(x))).join(" + ");
  const note = n === 1 ? words.once(name(target)) : arrived.length < n
    ? words.some(name(target), arrived.length, n, short(state.grads[target]))
    : words.all(name(target), n, `${slope(target)} = ${sum} = ${short(state.grads[target])}`);
  return {
    rule: [["grad", slope(target)], ["", " += "], ["grad", slope(step.node)], ["", " * "], ["data", card.slopes[input]]], note,
    numbers: [["grad", short(state.grads[step.node])], ["", " * "], ["data", inBrackets(short(local))], ["", " = "], ["grad", short(share)]],
  };
}

// ---- the page ----

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 148, HEIGHT = 66, BADGE = 24; // as in staging.py
let mounted = 0;

/** An element with attributes, and text or children; text is only ever textContent. */
function make(tag, attributes = {}, content = []) {
  const drawn = "svg g path rect circle text title defs marker".split(" ").includes(tag);
  const element = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return element;
}

/** Text that fits into so many columns; a wide character takes two. */
function fitted(text, columns) {
  const wide = (c) => (c.codePointAt(0) > 0x2e7f ? 2 : 1);
  const all = [...text];
  if (all.reduce((sum, c) => sum + wide(c), 0) <= columns) return text;
  let room = columns - 1, kept = "";
  for (const c of all) {
    room -= wide(c);
    if (room < 0) break;
    kept += c;
  }
  return `${kept}…`;
}

/** The line of the program that made a card, its own part marked. */
function lineOf({ line }) {
  if (!line) return [];
  const [place, before, part, after] = line;
  return [make("code", {}, [before, make("mark", {}, part), after]), ...(place ? [make("span", { class: "cx-place" }, place)] : [])];
}

/**
 * Put the explorer of a film into an element; returns {update(numbers), go(step)}.
 *
 * change(card, number, values) is called when a leaf is moved, and answers by update; fixed names
 * an op because of which leaves cannot be moved. keys: where key presses are listened for.
 */
export function mount(host, film, { change, fixed = "", keys = host, language = film.lang }) {
  const id = `cx${++mounted}`;
  const cards = film.nodes, still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const arrange = (numbers) => ({
    data: numbers.data.map(read), slopes: numbers.slopes.map((row) => row.map(read)), error: numbers.error || null,
  });
  let numbers = arrange(film.numbers), steps = stepsOf(film, numbers.error), wish = 0, timer = 0, layout = "", looked = -1, spoken = "";
  let words = WORDS[language] || WORDS.en;
  const at = () => Math.min(wish, steps.length - 1);

  // -- its parts --
  const title = make("h1", {}, film.title);
  const switcher = make("button", { type: "button", class: "cx-language" });
  const phase = make("span", { class: "cx-phase" }), count = make("span", { class: "cx-count" });
  const rule = make("p", { class: "cx-rule" }), sum = make("p", { class: "cx-sum" }), note = make("p", { class: "cx-note" });
  const line = make("p", cards.some((card) => card.line) ? { class: "cx-line" } : { hidden: "" });
  const speech = make("div", { class: "cx-unseen", "aria-live": "polite", "aria-atomic": "true", role: "status" });
  const svg = make("svg", { role: "group" }), about = make("div", { class: "cx-about", hidden: "" });
  const stage = make("div", { class: "cx-stage" }, [svg]);
  const buttons = {};
  for (const [key, look] of Object.entries(LOOKS)) {
    const icon = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, [make("path", { d: look })]);
    buttons[key] = make("button", { type: "button", class: `cx-${key}` }, [icon]);
  }
  const slider = make("input", { type: "range", min: "0", step: "1", class: "cx-position" });
  const controls = make("div", { class: "cx-controls", role: "group" }, [...Object.values(buttons), slider]);
  const heading = make("h2"), hint = make("p", { class: "cx-hint" });
  const rows = make("div", { class: "cx-rows" });
  const leaves = make("section", { class: "cx-leaves" }, [heading, rows, hint]);
  const root = make("div", { class: "cx", "data-explorer": "" }, [
    make("style", {}, STYLE), make("header", {}, [title, switcher]),
    make("section", { class: "cx-told" }, [make("div", { class: "cx-where" }, [phase, count]), rule, sum, note, line, speech]),
    make("div", { class: "cx-frame" }, [stage, about]), controls, leaves,
  ]);
  host.append(root);

  // -- the leaves: a slider and a field each --
  const fields = new Map();
  for (const [i, card] of cards.entries()) {
    if (card.op !== null) continue;
    const x = numbers.data[i], reach = Number.isFinite(x) ? Math.max(2, 2 * Math.abs(x)) : 2, middle = Number.isFinite(x) ? x : 0;
    const range = make("input", { type: "range", min: String(middle - reach), max: String(middle + reach), step: "any" });
    const field = make("input", { type: "text", inputmode: "decimal", size: "7", spellcheck: "false", autocomplete: "off" });
    const slope = make("output", { class: "cx-slope" });
    const move = (value, element) => {
      const y = read(value);
      element.toggleAttribute("aria-invalid", y === undefined);
      if (y === undefined) return note.replaceChildren(words.unread);
      stop();
      change(i, y, { ...Object.fromEntries([...fields.keys()].map((k) => [k, numbers.data[k]])), [i]: y });
    };
    range.addEventListener("input", () => move(range.value, range));
    field.addEventListener("change", () => move(field.value, field));
    range.disabled = field.disabled = Boolean(fixed);
    rows.append(make("div", { class: "cx-leaf", "data-leaf": String(i) }, [make("span", { class: "cx-name", title: card.name }, card.name), field, range, slope]));
    fields.set(i, { range, field, slope });
  }

  // -- the graph --
  let drawn = [], paths = new Map(), pill = null;
  function build(which) {
    layout = which;
    const plan = film.stages[which], tall = which === "tall";
    svg.replaceChildren(make("defs", {}, ["", "data", "grad"].map((kind) => make("marker", {
      id: `${id}${kind}`, viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "8", markerHeight: "8", markerUnits: "userSpaceOnUse", orient: "auto",
    }, [make("path", { d: "M0,0.5 L7.5,4 L0,7.5 z", class: `cx-tip ${kind}` })]))));
    svg.setAttribute("viewBox", `-6 -6 ${plan.width + 12} ${plan.height + 12}`);
    paths = new Map();
    for (const [i, k, d] of plan.edges) {
      const path = make("path", { d, class: "cx-edge", "marker-end": `url(#${id})` });
      paths.set(`${i}/${k}`, path);
      svg.append(path);
    }
    for (const [i, k, x, y] of plan.numbers) {
      svg.append(make("text", { x, y: y + 4.5, class: "cx-constant" }, fitted(short(read(cards[i].inputs[k].number)), 6)));
    }
    drawn = plan.cards.map(([x, y], i) => {
      const card = cards[i], inputs = card.inputs.map((u) => (typeof u === "number" ? cards[u].name : short(read(u.number))));
      const label = card.op === null ? "" : applied(card, inputs);
      const parts = {
        data: make("text", { x: WIDTH - 9, y: 38, class: "cx-number data" }), grad: make("text", { x: WIDTH - 9, y: 57, class: "cx-number grad" }),
        dataName: make("text", { x: 10, y: 38, class: "cx-small" }), gradName: make("text", { x: 10, y: 57, class: "cx-small" }),
        pips: make("g", {}),
      };
      const g = make("g", { class: `cx-card${card.op === null ? " leaf" : ""}`, transform: `translate(${x},${y})`, tabindex: "0", role: "button", "data-node": String(i) }, [
        make("rect", { width: WIDTH, height: HEIGHT, rx: 9 }),
        make("text", { x: 10, y: 18, class: "cx-title" }, fitted(card.name, label ? 7 : 14)),
        make("text", { x: WIDTH - 9, y: 18, class: "cx-from" }, fitted(label, 11)),
        ...Object.values(parts),
      ]);
      if (card.op !== null) {
        const [cx, cy] = tall ? [WIDTH / 2, 15 - BADGE] : [15 - BADGE, HEIGHT / 2];
        const sign = card.called === "**" ? "^" : card.called === "*" ? "×" : card.called === "-" ? "−" : card.infix ? card.called : "ƒ";
        g.append(make("circle", { cx, cy, r: 15, class: "cx-badge" }), make("text", { x: cx, y: cy + 5.5, class: "cx-sign" }, sign));
      }
      const jump = () => {
        const meant = (s) => (s.phase === "forward" && s.node === i) || (s.phase === "backward" && s.target === i) || (s.phase === "seed" && s.node === i);
        const forth = steps.findIndex((s) => s.phase === "forward" && meant(s)), back = steps.findLastIndex((s) => s.phase !== "forward" && meant(s));
        const early = forth >= 0 && at() !== forth && (at() < steps.findIndex((s) => s.phase === "seed") || at() === back);
        const chosen = early || back < 0 ? forth : back;
        if (chosen >= 0) go(chosen);
      };
      g.addEventListener("click", jump);
      g.addEventListener("keydown", (event) => event.key === "Enter" && jump());
      for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
        g.addEventListener(on, () => { looked = i; tellAbout(); });
        g.addEventListener(off, () => { looked = -1; tellAbout(); });
      }
      svg.append(g);
      return { g, ...parts };
    });
    pill = make("g", { class: "cx-pill" }, [make("rect", { rx: 9, height: 20, y: -10 }), make("text", { y: 4.5 })]);
    svg.append(pill);
  }

  /** The layout that is larger in the room there is, no smaller than can be read. */
  function fit() {
    root.classList.toggle("narrow", host.clientWidth < 760);
    const room = [stage.clientWidth - 2, stage.clientHeight - 2];
    const scale = (plan) => Math.min(room[0] / (plan.width + 12), room[1] / (plan.height + 12));
    const { wide, tall } = film.stages;
    const which = scale(tall) > scale(wide) * 1.05 ? "tall" : "wide";
    if (which !== layout) build(which);
    const plan = film.stages[which], whole = scale(plan);
    const size = whole >= 0.68 ? Math.min(whole, 1.7) : room[0] < 500 ? 0.72 : 0.8;
    svg.setAttribute("width", String(Math.floor((plan.width + 12) * size)));
    svg.setAttribute("height", String(Math.floor((plan.height + 12) * size)));
    show();
  }

  function tellAbout() {
    about.hidden = looked < 0;
    if (looked < 0) return;
    const card = cards[looked], state = stateAt(film, numbers, steps, at());
    const inputs = card.inputs.map((x) => term(typeof x === "number" ? cards[x].name : short(read(x.number))));
    const lines = [card.op === null ? card.name : `${card.name} = ${applied(card, inputs)}`];
    lines.push(`${words.data} ${state.known.has(looked) ? repr(numbers.data[looked]) : "–"}`);
    lines.push(`${words.grad} ${state.begun ? repr(state.grads[looked]) : "–"}`);
    if (card.path) lines.push(card.path);
    if (state.wanted[looked] > 1) lines.push(words.uses(state.arrived[looked].length, state.wanted[looked]));
    about.replaceChildren(...lines.map((line) => make("span", {}, line)), ...(card.line ? [make("span", { class: "cx-line" }, lineOf(card))] : []));
  }

  // -- showing a step --
  function show() {
    const step = steps[at()], state = stateAt(film, numbers, steps, at());
    const told = telling(film, numbers, steps, at(), state, words);
    const spans = (parts) => parts.map(([kind, text]) => make("span", kind ? { class: kind } : {}, text));
    rule.replaceChildren(...spans(told.rule));
    sum.replaceChildren(...spans(told.numbers));
    line.replaceChildren(...(step.node === undefined ? [] : lineOf(cards[step.node])));
    const refused = numbers.error && numbers.error.kept;
    note.textContent = refused ? `${numbers.error.message}. ${words.kept}` : told.note;
    root.classList.toggle("failed", Boolean(refused || told.alert));
    phase.textContent = words[step.phase];
    count.textContent = `${at()} / ${steps.length - 1}`;
    root.dataset.phase = { seed: "backward" }[step.phase] || step.phase;
    root.dataset.step = String(at());
    const [law, figures] = [told.rule, told.numbers].map((parts) => parts.map((part) => part[1]).join(""));
    const says = `${words[step.phase]}. ${law}${figures ? ` = ${figures}` : ""}. ${note.textContent}`;
    if (says !== spoken) speech.textContent = spoken = says;
    slider.max = String(steps.length - 1);
    slider.value = String(at());
    slider.setAttribute("aria-valuetext", `${at()} / ${steps.length - 1}: ${law}`);
    const seed = steps.findIndex((s) => s.phase === "seed");
    slider.style.setProperty("--turn", `${seed < 0 ? 100 : (100 * (seed - 0.5)) / (steps.length - 1)}%`);
    buttons.first.disabled = buttons.back.disabled = at() === 0;
    buttons.next.disabled = buttons.last.disabled = at() === steps.length - 1;
    for (const [i, parts] of drawn.entries()) {
      const broken = numbers.error && numbers.error.node === i && (numbers.error.kept || at() === steps.length - 1);
      const known = state.known.has(i), { g, data, grad, pips } = parts, n = state.wanted[i], here = state.arrived[i].length;
      const active = step.phase === "backward" ? step.target === i : step.node === i;
      g.setAttribute("class", ["cx-card", cards[i].op === null && "leaf", known && "known", state.begun && here >= n && state.passed.size && (n || i === cards.length - 1) && "complete",
        active && (step.phase === "forward" ? "active-data" : "active-grad"), step.phase === "backward" && step.node === i && "source", broken && "broken"].filter(Boolean).join(" "));
      data.textContent = broken && !numbers.error.kept ? "error" : known ? short(numbers.data[i]) : "–";
      grad.textContent = state.begun ? short(state.grads[i]) : "–";
      data.classList.toggle("faint", !known && !broken);
      grad.classList.toggle("faint", !state.begun || (!here && i !== cards.length - 1 && step.phase !== "done"));
      parts.dataName.textContent = words.data;
      parts.gradName.textContent = words.grad;
      g.dataset.data = known ? repr(numbers.data[i]) : "";
      g.dataset.grad = state.begun ? repr(state.grads[i]) : "";
      pips.replaceChildren(...(n < 2 ? [] : n > 5 ? [make("text", { x: 12, y: HEIGHT + 5, class: "cx-many" }, `${here} / ${n}`)]
        : Array.from({ length: n }, (_, k) => make("circle", { cx: 17 + 12 * k, cy: HEIGHT, r: 4.5, class: k < here ? "cx-pip full" : "cx-pip" }))));
      const status = broken ? numbers.error.message : `${words.data} ${data.textContent}, ${words.grad} ${grad.textContent}${n > 1 ? `, ${words.uses(here, n)}` : ""}`;
      g.setAttribute("aria-label", `${cards[i].name}: ${status}`);
    }
    pill.setAttribute("visibility", "hidden");
    for (const [key, path] of paths) {
      const [node, input] = key.split("/").map(Number);
      const back = step.phase === "backward" && step.node === node && step.input === input;
      const forth = step.phase === "forward" && step.node === node;
      const kind = back || state.passed.has(key) ? "grad" : state.known.has(node) || forth ? "data" : "";
      path.setAttribute("class", `cx-edge ${kind}${back || forth ? " active" : ""}`);
      path.setAttribute("marker-end", `url(#${id}${kind})`);
      if (back) {
        const middle = path.getPointAtLength(path.getTotalLength() / 2), text = `× ${short(numbers.slopes[node][input])}`;
        const wide = 7.4 * text.length + 12;
        pill.lastChild.textContent = text;
        pill.firstChild.setAttribute("width", String(wide));
        pill.firstChild.setAttribute("x", String(-wide / 2));
        pill.setAttribute("transform", `translate(${middle.x},${middle.y})`);
        pill.setAttribute("visibility", "visible");
      }
    }
    for (const [i, { range, field, slope }] of fields) {
      if (document.activeElement !== field || read(field.value) !== undefined) field.value = short(numbers.data[i]);
      range.value = String(numbers.data[i]);
      slope.textContent = state.begun ? `${words.grad} ${short(state.grads[i])}` : "";
      slope.dataset.grad = state.begun ? repr(state.grads[i]) : "";
    }
    const focus = step.phase === "backward" ? step.target : step.node;
    if (focus !== undefined) reveal(focus);
    tellAbout();
  }

  /** Scroll the stage, and nothing else, so that a card is in sight. */
  function reveal(i) {
    const box = drawn[i].g.getBoundingClientRect(), view = stage.getBoundingClientRect(), margin = 24;
    const past = (low, high, from, to) => (low < from + margin ? low - from - margin : high > to - margin ? high - to + margin : 0);
    const left = past(box.left, box.right, view.left, view.right), top = past(box.top, box.bottom, view.top, view.bottom);
    if (left || top) stage.scrollBy({ left, top, behavior: still.matches ? "auto" : "smooth" });
  }

  // -- what may be done --
  function go(step) {
    wish = Math.max(0, Math.min(step, steps.length - 1));
    if (numbers.error && numbers.error.kept) numbers.error = null;
    show();
  }
  function stop() {
    clearInterval(timer);
    timer = 0;
    named();
  }
  function play() {
    if (timer) return stop();
    if (at() === steps.length - 1) go(0);
    timer = setInterval(() => (root.isConnected && at() < steps.length - 1 ? go(at() + 1) : stop()), 1600);
    named();
  }
  function update(found) {
    numbers = arrange(found);
    steps = stepsOf(film, numbers.error);
    show();
  }
  function named() {
    for (const key of ["first", "back", "next", "last"]) buttons[key].setAttribute("aria-label", words[key]);
    buttons.play.setAttribute("aria-label", timer ? words.pause : words.play);
    buttons.play.querySelector("path").setAttribute("d", timer ? "M6 5h4v14H6zM14 5h4v14h-4z" : LOOKS.play);
    for (const button of Object.values(buttons)) button.title = button.getAttribute("aria-label");
    slider.setAttribute("aria-label", words.position);
    controls.setAttribute("aria-label", words.controls);
    svg.setAttribute("aria-label", words.graph);
    heading.textContent = words.leaves;
    hint.textContent = fixed ? words.fixed(fixed) : words.keys;
    switcher.textContent = words.other;
    switcher.setAttribute("aria-label", words.otherLabel);
    switcher.lang = words === WORDS.en ? "zh" : "en";
    root.lang = words === WORDS.en ? "en" : "zh";
    if (keys === document) document.documentElement.lang = root.lang;
    for (const [i, { range, field }] of fields) {
      range.setAttribute("aria-label", words.value(cards[i].name));
      field.setAttribute("aria-label", words.value(cards[i].name));
    }
  }
  const moves = { first: () => go(0), back: () => go(at() - 1), next: () => go(at() + 1), last: () => go(steps.length - 1) };
  for (const key of Object.keys(moves)) buttons[key].addEventListener("click", () => { stop(); moves[key](); });
  buttons.play.addEventListener("click", play);
  slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
  switcher.addEventListener("click", () => {
    words = words === WORDS.en ? WORDS.zh : WORDS.en;
    named();
    show();
  });
  keys.addEventListener("keydown", (event) => {
    const pressed = { ArrowRight: "next", ArrowLeft: "back", Home: "first", End: "last" }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input")) return;
    if (pressed) {
      stop();
      moves[pressed]();
    } else if (event.key === " " && !event.target.closest?.("button")) play();
    else return;
    event.preventDefault();
  });
  named();
  fit();
  new ResizeObserver(fit).observe(stage);
  return { update, go };
}

/** The page's own explorer: it computes by the table of ops that stands beside it. */
export function page(host, film, ops) {
  const own = film.nodes.find((card) => card.op !== null && !(card.op in ops));
  const explorer = mount(host, film, {
    keys: document, fixed: own ? own.called : "",
    change: (card, number, values) => explorer.update(calculated(film, values, ops)),
  });
}

/** The widget's: Python computes, and the numbers come back as traits of the model. */
function render({ model, el }) {
  let turn = 0;
  el.style.cssText += "height: 640px; overflow: auto;";
  const explorer = mount(el, model.get("film"), {
    change: (card, number) => {
      model.set("moved", [card, repr(number), ++turn]);
      model.save_changes();
    },
  });
  // JupyterLab would take arrows, letters and the like for commands of its own.
  el.addEventListener("keydown", (e) => e.ctrlKey || e.metaKey || e.altKey || e.stopPropagation());
  const renew = () => explorer.update(model.get("numbers"));
  model.on("change:numbers", renew);
  renew();
  return () => model.off("change:numbers", renew);
}

export default { render };

const LOOKS = {
  first: "M6 5h2v14H6zM19 5v14l-10-7z", back: "M16 5v14l-10-7z", play: "M8 5v14l11-7z", next: "M8 5v14l10-7z", last: "M16 5h2v14h-2zM5 5v14l10-7z",
};

const STYLE = `
.cx { --paper:#f7f8fb; --card:#fff; --ink:#151a26; --soft:#566076; --line:#d5dae4; --edge:#aab3c3; --data:#0b5cad; --data-wash:#e3effc;
  --grad:#b04300; --grad-wash:#fff0e2; --leaf:#eef4fb; --bad:#b3142b; --bad-wash:#fdecee; color-scheme:light;
  display:grid; box-sizing:border-box; width:100%; height:100%; padding:14px 18px; gap:12px; background:var(--paper); color:var(--ink);
  grid-template:auto auto minmax(0,1fr) auto / minmax(0,1fr) clamp(200px,21%,290px); grid-template-areas:"head head" "told leaves" "stage leaves" "controls leaves";
  font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC",sans-serif; }
@media (prefers-color-scheme:dark) { .cx { --paper:#10141c; --card:#1a202c; --ink:#eef1f7; --soft:#a3adc0; --line:#323b4c; --edge:#59657a; --data:#7cbcff;
  --data-wash:#14304f; --grad:#ffa866; --grad-wash:#452a12; --leaf:#182738; --bad:#ff8b98; --bad-wash:#451a22; color-scheme:dark; } }
.cx *, .cx *::before { box-sizing:border-box; }
.cx h1, .cx h2, .cx p { margin:0; }
.cx header { grid-area:head; display:flex; align-items:center; justify-content:space-between; gap:12px; }
.cx h1 { font-size:20px; font-weight:650; letter-spacing:-.01em; overflow:hidden; text-overflow:ellipsis; white-space:nowrap; }
.cx h2 { font-size:15px; font-weight:650; }
.cx button { font:inherit; color:var(--ink); background:var(--card); border:1px solid var(--line); border-radius:9px; cursor:pointer; min-height:40px; padding:0 12px; }
.cx button:hover:not(:disabled) { border-color:var(--soft); }
.cx button:disabled { opacity:.4; cursor:default; }
.cx-language { min-height:34px !important; font-size:14px !important; }
.cx-told { grid-area:told; background:var(--card); border:1px solid var(--line); border-left:6px solid var(--soft); border-radius:12px; padding:10px 18px 11px; min-height:138px; }
.cx[data-phase=forward] .cx-told { border-left-color:var(--data); }
.cx[data-phase=backward] .cx-told, .cx[data-phase=done] .cx-told { border-left-color:var(--grad); }
.cx.failed .cx-told { border-left-color:var(--bad); } .cx.failed .cx-note { color:var(--bad); }
.cx[data-phase=done] .cx-rule { font-size:21px; line-height:1.5; }
.cx-where { display:flex; gap:10px; align-items:baseline; color:var(--soft); font-size:14px; }
.cx-phase { font-weight:650; }
.cx[data-phase=forward] .cx-phase { color:var(--data); }
.cx[data-phase=backward] .cx-phase, .cx[data-phase=done] .cx-phase { color:var(--grad); }
.cx-count { font-variant-numeric:tabular-nums; }
.cx-rule, .cx-sum { font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace; overflow-wrap:anywhere; }
.cx-rule { font-size:25px; line-height:1.35; font-weight:600; }
.cx-sum { font-size:20px; line-height:1.35; min-height:27px; }
.cx:not(.failed) .cx-sum:not(:empty)::before { content:"= "; color:var(--soft); }
.cx-note { color:var(--soft); font-size:16px; min-height:23px; overflow-wrap:anywhere; }
.cx-line { display:flex; flex-wrap:wrap; gap:0 14px; align-items:baseline; min-height:24px; font-size:14px; color:var(--soft); overflow-wrap:anywhere; }
.cx-line code { font:15px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace; white-space:pre-wrap; }
.cx-line mark { color:var(--ink); background:var(--data-wash); border-radius:4px; padding:1px 3px; font-weight:600; }
.cx[data-phase=backward] .cx-told mark { background:var(--grad-wash); }
.cx-about .cx-line { flex-basis:100%; color:inherit; } .cx-about .cx-line code { font-size:14px; }
.cx .data { color:var(--data); } .cx .grad { color:var(--grad); } .cx .error { color:var(--bad); }
.cx-frame { grid-area:stage; position:relative; min-height:0; display:grid; }
.cx-stage { overflow:auto; display:flex; min-height:0; min-width:0; border-radius:12px; background:var(--card); border:1px solid var(--line); }
.cx-stage svg { margin:auto; flex:none; display:block; }
.cx-about { position:absolute; left:10px; bottom:10px; max-width:calc(100% - 20px); display:flex; flex-wrap:wrap; gap:2px 16px; padding:6px 12px; border-radius:9px;
  font:14px/1.4 ui-monospace,Menlo,Consolas,monospace; background:var(--ink); color:var(--paper); pointer-events:none; overflow-wrap:anywhere; }
.cx-about[hidden] { display:none; }
.cx-edge { fill:none; stroke:var(--edge); stroke-width:1.5; }
.cx-edge.data { stroke:var(--data); opacity:.75; } .cx-edge.grad { stroke:var(--grad); }
.cx-edge.active { stroke-width:3.5; opacity:1; stroke-dasharray:9 6; }
.cx-tip { fill:var(--edge); } .cx-tip.data { fill:var(--data); } .cx-tip.grad { fill:var(--grad); }
@keyframes cx-forth { to { stroke-dashoffset:-30; } } @keyframes cx-back { to { stroke-dashoffset:30; } }
@media (prefers-reduced-motion:no-preference) { .cx-edge.data.active { animation:cx-forth .9s linear infinite; } .cx-edge.grad.active { animation:cx-back .9s linear infinite; }
  .cx-card rect { transition:fill .25s, stroke .25s; } }
.cx-card { cursor:pointer; outline:none; }
.cx-card rect { fill:var(--card); stroke:var(--line); stroke-width:1.5; }
.cx-card.leaf rect { fill:var(--leaf); stroke:var(--edge); }
.cx-card.known rect { stroke:var(--data); } .cx-card.complete rect { stroke:var(--grad); }
.cx-card.active-data rect { fill:var(--data-wash); stroke:var(--data); stroke-width:3; }
.cx-card.active-grad rect { fill:var(--grad-wash); stroke:var(--grad); stroke-width:3; }
.cx-card.source rect { stroke:var(--grad); stroke-width:3; stroke-dasharray:7 4; }
.cx-card.broken rect { fill:var(--bad-wash); stroke:var(--bad); stroke-width:3; }
.cx-card.broken .cx-number.data { fill:var(--bad); }
.cx-card:hover rect { stroke-width:3; }
.cx-card:focus-visible rect { stroke:var(--ink); stroke-width:4; }
.cx text { fill:var(--ink); font-size:14px; }
.cx .cx-title { font-weight:650; font-size:15px; }
.cx .cx-from { fill:var(--soft); font-size:12px; text-anchor:end; font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace; }
.cx .cx-small { fill:var(--soft); font-size:12px; }
.cx .cx-number { text-anchor:end; font-weight:600; font-variant-numeric:tabular-nums; }
.cx .cx-number.data { fill:var(--data); } .cx .cx-number.grad { fill:var(--grad); } .cx .cx-number.faint.faint { fill:var(--soft); font-weight:400; }
.cx .cx-badge { fill:var(--ink); stroke:var(--card); stroke-width:2; }
.cx .cx-sign { fill:var(--paper); font-size:17px; font-weight:600; text-anchor:middle; }
.cx .cx-constant { fill:var(--soft); text-anchor:middle; }
.cx .cx-many { fill:var(--grad); font-size:12px; font-weight:650; paint-order:stroke; stroke:var(--card); stroke-width:5; }
.cx .cx-pip { fill:var(--card); stroke:var(--grad); stroke-width:1.6; } .cx .cx-pip.full { fill:var(--grad); }
.cx-pill { pointer-events:none; }
.cx-pill rect { fill:var(--grad); } .cx .cx-pill text { fill:var(--card); text-anchor:middle; font-weight:650; font-size:13px; }
.cx-controls { grid-area:controls; display:flex; gap:8px; align-items:center; }
.cx-controls button { width:46px; padding:0; display:grid; place-items:center; flex:none; }
.cx-controls svg { width:22px; height:22px; fill:currentColor; }
.cx-play { background:var(--ink) !important; color:var(--paper) !important; border-color:var(--ink) !important; }
.cx-position { flex:1; min-width:40px; appearance:none; height:8px; border-radius:4px; margin:0 6px;
  background:linear-gradient(90deg,var(--data) var(--turn),var(--grad) var(--turn)); }
.cx-position::-webkit-slider-thumb { appearance:none; width:22px; height:22px; border-radius:50%; background:var(--card); border:3px solid var(--ink); }
.cx-position::-moz-range-thumb { width:17px; height:17px; border-radius:50%; background:var(--card); border:3px solid var(--ink); }
.cx-leaves { grid-area:leaves; display:flex; flex-direction:column; gap:8px; min-height:0; background:var(--card); border:1px solid var(--line); border-radius:12px; padding:12px 14px; }
.cx-rows { overflow:auto; display:grid; gap:12px; align-content:start; padding:6px; margin:-6px; flex:1; }
.cx-leaf { display:grid; grid-template-columns:minmax(0,1fr) auto; gap:3px 10px; align-items:center; }
.cx-name { font-weight:650; overflow:hidden; text-overflow:ellipsis; white-space:nowrap; }
.cx-leaf input { accent-color:var(--data); min-width:0; }
.cx-leaf input[type=range] { grid-column:1 / 3; width:100%; margin:0; height:24px; }
.cx-leaf input[type=text] { font:inherit; font-variant-numeric:tabular-nums; width:96px; text-align:right; color:var(--data); background:var(--card); border:1px solid var(--line); border-radius:7px; padding:3px 8px; }
.cx-leaf input[aria-invalid] { border-color:var(--bad); color:var(--bad); }
.cx-slope { grid-column:1 / 3; font-size:14px; color:var(--grad); text-align:right; min-height:20px; font-variant-numeric:tabular-nums; }
.cx-hint { color:var(--soft); font-size:13px; }
.cx :is(button, input):focus-visible { outline:3px solid var(--data); outline-offset:2px; }
.cx-unseen { position:absolute; width:1px; height:1px; overflow:hidden; clip-path:inset(50%); white-space:nowrap; }
.cx.narrow { grid-template:auto auto minmax(380px,56vh) auto auto / minmax(0,1fr); grid-template-areas:"head" "told" "stage" "controls" "leaves"; height:auto; padding:10px 12px; gap:10px; }
.cx.narrow .cx-told { padding:9px 13px 11px; min-height:168px; } .cx.narrow .cx-rule { font-size:19px; } .cx.narrow .cx-sum { font-size:16px; } .cx.narrow .cx-note { font-size:15px; }
.cx.narrow .cx-controls { position:sticky; bottom:0; background:var(--paper); padding:8px 0; z-index:1; gap:6px; }
`;
