// Around: what a notebook has around an element: light or dark, room on the screen, and keys.

const STEPS = ["ArrowLeft", "ArrowRight"], KEYS = [...STEPS, "Home", "End", " "];

/** Whether the first opaque colour behind an element is dark; without one, what the system prefers. */
function darkBehind(element) {
  for (let up = element.parentElement; up; up = up.parentElement ?? up.getRootNode().host) {
    const [red, green, blue, share = 1] = (getComputedStyle(up).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (share > 0.5 && blue !== undefined) return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call tell(dark) now, and whenever the light around an element may have changed. */
function followLight(element, tell) {
  const now = () => element.isConnected && tell(darkBehind(element));
  const later = () => setTimeout(now, 100); // once the style of another theme is there
  for (const around of [document.documentElement, document.body]) new MutationObserver(later).observe(around, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", now);
  now();
}

/** The parts of the screen that an element may fill: what scrolls around it, and does not grow with it. */
function viewsOf(element) {
  const around = [], own = element.style.height;
  for (let up = element.parentElement; up; up = up.parentElement) around.push(up);
  const before = around.map((up) => up.clientHeight);
  element.style.height = "9999px";
  const views = around.filter((up, i) => before[i] >= 200 && up.clientHeight === before[i] && /auto|scroll|hidden/.test(getComputedStyle(up).overflowY));
  element.style.height = own;
  return views;
}

/** Keep an element as high as fits on the screen below the code of its cell; returns what asks for its views. */
function keepFitted(element, most) {
  let views = [];
  const fit = () => {
    if (!element.isConnected) return;
    if (!views.length) {
      views = viewsOf(element);
      for (const view of views) watch.observe(view);
    }
    const cell = element.closest(".jp-Cell, div.cell");
    const room = Math.min(innerHeight, ...views.map((view) => view.clientHeight).filter(Boolean));
    const above = cell ? element.getBoundingClientRect().top - cell.getBoundingClientRect().top : 0;
    element.style.height = `${Math.min(most, Math.max(340, room - 32 - Math.min(above, 0.4 * room)))}px`;
  };
  const watch = new ResizeObserver(fit);
  watch.observe(element);
  window.addEventListener("resize", fit);
  fit();
  return () => views;
}

/**
 * Let an element hear the keys that step it, while it is in sight and no editor has the focus: the
 * arrows, and Home, End and space under the pointer. The focus stays in the notebook, whose other
 * keys work as before. Of several elements the one hears that the pointer came to last. views() are
 * the parts of the screen around the element.
 */
function hearKeys(element, views, press) {
  const listed = (window.chainruleHearers ??= []), hearer = { element, views, press, over: false };
  listed.push(hearer);
  element.addEventListener("pointerleave", () => (hearer.over = false));
  element.addEventListener("pointerenter", () => {
    hearer.over = true;
    listed.push(...listed.splice(listed.indexOf(hearer), 1));
  });
  if (listed.length > 1 || listed.listening) return;
  listed.listening = true;
  const hears = ({ element, views }) => {
    let at = document.activeElement ?? document.body;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (at.isContentEditable || at.closest("input, textarea, select, button, a[href], iframe") || element.contains(at)) return false;
    if (at !== document.body && !at.contains(element) && !views().some((view) => view.contains(at))) return false;
    const { top, bottom, height } = element.getBoundingClientRect();
    return height > 0 && Math.min(bottom, innerHeight) - Math.max(top, 0) > height / 2;
  };
  window.addEventListener("pointermove", ({ target }) => {
    for (const hearer of listed) hearer.over &&= hearer.element.contains(target);
  }, true);
  window.addEventListener("keydown", (event) => {
    if (!KEYS.includes(event.key) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    listed.splice(0, listed.length, ...listed.filter(({ element }) => element.isConnected));
    const heard = [...listed].reverse().find(hears);
    if (!heard || !(STEPS.includes(event.key) || heard.over)) return;
    heard.press(event.key);
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
