// The graph of the explorer: a card for each value, an edge for each use.

/**
 * Draws the graph of these contents into an SVG element; id is a prefix for the names in it.
 *
 * Returns {build, show, place}: build draws one of the placements, "wide" or "tall"; show draws the
 * state after a step; place says where a card is on the screen. When a reader chooses card i,
 * select(i) is called; look(i) when the pointer or the focus comes to the card, look(-1) when it goes.
 */
function graphIn(svg, contents, id, { select, look }) {
  const cards = contents.nodes;
  let drawn = [], paths = new Map(), pill = null;

  function build(which) {
    const plan = contents.placements[which], tall = which === "tall";
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
        make("text", { x: WIDTH - 9, y: 18, class: card.infix ? "cx-from infix" : "cx-from" }, fitted(label, 11)),
        ...Object.values(parts),
      ]);
      if (card.op !== null) {
        const [cx, cy] = tall ? [WIDTH / 2, 15 - BADGE] : [15 - BADGE, HEIGHT / 2];
        const sign = card.called === "**" ? "^" : card.called === "*" ? "×" : card.called === "-" ? "−" : card.infix ? card.called : "ƒ";
        g.append(make("circle", { cx, cy, r: 15, class: "cx-badge" }), make("text", { x: cx, y: cy + 5.5, class: "cx-sign" }, sign));
      }
      g.addEventListener("click", () => select(i));
      g.addEventListener("keydown", (event) => event.key === "Enter" && select(i));
      for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
        g.addEventListener(on, () => look(i));
        g.addEventListener(off, () => look(-1));
      }
      svg.append(g);
      return { g, ...parts };
    });
    pill = make("g", { class: "cx-pill" }, [make("rect", { rx: 9, height: 20, y: -10 }), make("text", { y: 4.5 })]);
    svg.append(pill);
  }

  /** What a card looks like after a step, as one text: a card that looks the same is left alone. */
  function lookOf(i, step, state, numbers, atTheEnd, words) {
    const broken = numbers.error && numbers.error.node === i && (numbers.error.kept || atTheEnd);
    const known = state.known.has(i), n = state.wanted[i], here = state.arrived[i].length;
    const active = step.phase === "backward" ? step.target === i : step.node === i;
    const kinds = ["cx-card", cards[i].op === null && "leaf", known && "known", state.begun && here >= n && state.passed.size && (n || i === cards.length - 1) && "complete",
      active && (step.phase === "forward" ? "active-data" : "active-grad"), step.phase === "backward" && step.node === i && "source", broken && "broken"].filter(Boolean).join(" ");
    const faint = !state.begun || (!here && i !== cards.length - 1 && step.phase !== "done");
    const data = known ? repr(numbers.data[i]) : "", grad = state.begun ? repr(state.grads[i]) : "";
    return [kinds, data, grad, here, faint, broken ? numbers.error.message : "", broken && !numbers.error.kept, words.data].join("\n");
  }

  function show(step, state, numbers, atTheEnd, words) {
    for (const [i, parts] of drawn.entries()) {
      const looks = lookOf(i, step, state, numbers, atTheEnd, words);
      if (looks === parts.looks) continue;
      parts.looks = looks;
      const [kinds, exact, exactGrad, , faint, message, failed] = looks.split("\n");
      const { g, data, grad, pips } = parts, n = state.wanted[i], here = state.arrived[i].length;
      g.setAttribute("class", kinds);
      data.textContent = failed === "true" ? "error" : exact ? short(numbers.data[i]) : "–";
      grad.textContent = exactGrad ? short(state.grads[i]) : "–";
      data.classList.toggle("faint", !exact && !message);
      grad.classList.toggle("faint", faint === "true");
      parts.dataName.textContent = words.data;
      parts.gradName.textContent = words.grad;
      g.dataset.data = exact;
      g.dataset.grad = exactGrad;
      pips.replaceChildren(...(n < 2 ? [] : n > 5 ? [make("text", { x: 12, y: HEIGHT + 5, class: "cx-many" }, `${here} / ${n}`)]
        : Array.from({ length: n }, (_, k) => make("circle", { cx: 17 + 12 * k, cy: HEIGHT, r: 4.5, class: k < here ? "cx-pip full" : "cx-pip" }))));
      const status = message || `${words.data} ${data.textContent}, ${words.grad} ${grad.textContent}${n > 1 ? `, ${filled(words.uses, { k: here, n })}` : ""}`;
      g.setAttribute("aria-label", `${cards[i].name}: ${status}`);
    }
    pill.setAttribute("visibility", "hidden");
    for (const [key, path] of paths) {
      const [node, input] = key.split("/").map(Number);
      const back = step.phase === "backward" && step.node === node && step.input === input;
      const forth = step.phase === "forward" && step.node === node;
      const kind = back || state.passed.has(key) ? "grad" : state.known.has(node) || forth ? "data" : "";
      const look = `cx-edge ${kind}${back || forth ? " active" : ""}`;
      if (look !== path.getAttribute("class")) {
        path.setAttribute("class", look);
        path.setAttribute("marker-end", `url(#${id}${kind})`);
      }
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
  }

  return { build, show, place: (i) => drawn[i].g.getBoundingClientRect() };
}
