// The explorer on a page: what a step says, the graph, the buttons and the sliders.
//
// One module is made of this file (assets.py): before it stand the constant WORDS, which is
// words.json, then steps.js, elements.js and graph.js.

let mounted = 0;

/**
 * Put the explorer of these contents into an element; returns {update(numbers), go(step), root}.
 *
 * change(card, number, values) is called when a leaf is moved, and answers by update; fixed names
 * an op because of which leaves cannot be moved. keys: where key presses are listened for.
 */
export function mount(host, contents, { change, fixed = "", keys = host, language = contents.lang }) {
  const id = `cx${++mounted}`;
  const cards = contents.nodes, many = cards.length > 1000, still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const arrange = (numbers) => ({
    data: numbers.data.map(read), slopes: numbers.slopes.map((row) => row.map(read)), error: numbers.error || null,
  });
  let numbers = arrange(contents.numbers), steps = stepsOf(contents, numbers.error), wish = 0, timer = 0, layout = "", looked = -1, spoken = "";
  let words = WORDS[language] || WORDS.en;
  const at = () => Math.min(wish, steps.length - 1);

  // -- its elements --
  const title = make("h1", {}, contents.title);
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
    make("header", {}, [title, switcher]),
    make("section", { class: "cx-told" }, [make("div", { class: "cx-where" }, [phase, count]), rule, sum, note, line, speech]),
    make("div", { class: "cx-frame" }, [stage, about]), controls, leaves,
  ]);
  root.classList.toggle("many", many); // what moves has all cards painted anew, again and again
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
  const graph = graphIn(svg, contents, id, { select, look: (i) => { looked = i; tellAbout(); } });

  /** Go to the step that computes a card, or to the last that adds to its gradient; then to the other. */
  function select(i) {
    const meant = (s) => (s.phase === "forward" && s.node === i) || (s.phase === "backward" && s.target === i) || (s.phase === "seed" && s.node === i);
    const forth = steps.findIndex((s) => s.phase === "forward" && meant(s)), back = steps.findLastIndex((s) => s.phase !== "forward" && meant(s));
    const early = forth >= 0 && at() !== forth && (at() < steps.findIndex((s) => s.phase === "seed") || at() === back);
    const chosen = early || back < 0 ? forth : back;
    if (chosen >= 0) go(chosen);
  }

  /** The layout that is larger in the room there is, no smaller than can be read. */
  function fit() {
    const low = host.clientHeight < 600 && host.clientWidth >= 520;
    root.classList.toggle("low", low);
    root.classList.toggle("narrow", !low && host.clientWidth < 760);
    const room = [stage.clientWidth - 2, stage.clientHeight - 2];
    const scale = (plan) => Math.min(room[0] / (plan.width + 12), room[1] / (plan.height + 12));
    const { wide, tall } = contents.placements;
    const which = scale(tall) > scale(wide) * 1.05 ? "tall" : "wide";
    if (which !== layout) graph.build(layout = which);
    const plan = contents.placements[which], whole = scale(plan);
    const least = low ? 0.42 : 0.68; // smaller than this, the graph is scrolled
    svg.classList.toggle("dense", whole >= least && whole < 0.68);
    const size = whole >= least ? Math.min(whole, 1.7) : room[0] < 500 ? 0.72 : 0.8;
    svg.setAttribute("width", String(Math.floor((plan.width + 12) * size)));
    svg.setAttribute("height", String(Math.floor((plan.height + 12) * size)));
    show();
  }

  function tellAbout() {
    about.hidden = looked < 0;
    if (looked < 0) return;
    const card = cards[looked], state = stateAt(contents, numbers, steps, at());
    const inputs = card.inputs.map((x) => term(typeof x === "number" ? cards[x].name : short(read(x.number))));
    const lines = [card.op === null ? card.name : `${card.name} = ${applied(card, inputs)}`];
    lines.push(`${words.data} ${state.known.has(looked) ? repr(numbers.data[looked]) : "–"}`);
    lines.push(`${words.grad} ${state.begun ? repr(state.grads[looked]) : "–"}`);
    if (card.path) lines.push(card.path);
    if (state.wanted[looked] > 1) lines.push(filled(words.uses, { k: state.arrived[looked].length, n: state.wanted[looked] }));
    about.replaceChildren(...lines.map((line) => make("span", {}, line)), ...(card.line ? [make("span", { class: "cx-line" }, lineOf(card))] : []));
  }

  // -- showing a step --
  function show() {
    const step = steps[at()], state = stateAt(contents, numbers, steps, at());
    const told = telling(contents, numbers, steps, at(), state, words);
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
    graph.show(step, state, numbers, at() === steps.length - 1, words);
    for (const [i, { range, field, slope }] of fields) {
      if (document.activeElement !== field || read(field.value) !== undefined) put(field, "value", short(numbers.data[i]));
      put(range, "value", String(numbers.data[i]));
      put(slope, "textContent", state.begun ? `${words.grad} ${short(state.grads[i])}` : "");
      put(slope.dataset, "grad", state.begun ? repr(state.grads[i]) : "");
    }
    const focus = step.phase === "backward" ? step.target : step.node;
    if (focus !== undefined) reveal(focus);
    tellAbout();
  }

  /** Scroll the stage, and nothing else, so that a card is in sight. */
  function reveal(i) {
    const box = graph.place(i), view = stage.getBoundingClientRect(), margin = 24;
    const past = (low, high, from, to) => (low < from + margin ? low - from - margin : high > to - margin ? high - to + margin : 0);
    const left = past(box.left, box.right, view.left, view.right), top = past(box.top, box.bottom, view.top, view.bottom);
    if (left || top) stage.scrollBy({ left, top, behavior: still.matches || many ? "auto" : "smooth" });
  }

  // -- what may be done --
  function go(step) {
    wish = Math.max(0, Math.min(step, steps.length - 1));
    if (numbers.error && numbers.error.kept) numbers.error = null;
    show();
  }
  function stop() {
    if (!timer) return;
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
    steps = stepsOf(contents, numbers.error);
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
    hint.textContent = fixed ? filled(words.fixed, { op: fixed }) : words.keys;
    switcher.textContent = words.other;
    switcher.setAttribute("aria-label", words.otherLabel);
    switcher.lang = words === WORDS.en ? "zh" : "en";
    root.lang = words === WORDS.en ? "en" : "zh";
    if (keys === document) document.documentElement.lang = root.lang;
    for (const [i, { range, field }] of fields) {
      range.setAttribute("aria-label", filled(words.value, cards[i]));
      field.setAttribute("aria-label", filled(words.value, cards[i]));
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
  return { update, go, root };
}

/** The page's own explorer: it computes by the table of ops that stands beside it. */
export function page(host, contents, ops) {
  const own = contents.nodes.find((card) => card.op !== null && !(card.op in ops));
  const explorer = mount(host, contents, {
    keys: document, fixed: own ? own.called : "",
    change: (card, number, values) => explorer.update(calculated(contents, values, ops)),
  });
  const light = () => explorer.root.classList.toggle("dark", document.documentElement.classList.contains("dark"));
  addEventListener("light", light); // guest.js
  light();
}

/** The widget's: Python computes, and the numbers come back as traits of the model. */
function render({ model, el }) {
  let turn = 0;
  el.style.cssText += "height: 640px; overflow: auto;";
  const views = keepFitted(el, 640);
  const explorer = mount(el, model.get("contents"), {
    change: (card, number) => {
      model.set("moved", [card, repr(number), ++turn]);
      model.save_changes();
    },
  });
  followLight(el, (dark) => explorer.root.classList.toggle("dark", dark));
  hearKeys(el, views, (key) => explorer.root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
  // JupyterLab would take arrows, letters and the like for commands of its own.
  el.addEventListener("keydown", (e) => e.ctrlKey || e.metaKey || e.altKey || e.stopPropagation());
  const renew = () => explorer.update(model.get("numbers"));
  model.on("change:numbers", renew);
  renew();
  return () => model.off("change:numbers", renew);
}

export default { render };
