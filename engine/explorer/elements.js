// The elements of the explorer's page: how they are made, and what they hold.
//
// Text from a graph, which may be anything, is only ever textContent.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 148, HEIGHT = 66, BADGE = 24; // as in placement.py

const LOOKS = {
  first: "M6 5h2v14H6zM19 5v14l-10-7z", back: "M16 5v14l-10-7z", play: "M8 5v14l11-7z", next: "M8 5v14l10-7z", last: "M16 5h2v14h-2zM5 5v14l10-7z",
};

/** An element with attributes, and text or children; text is only ever textContent. */
function make(tag, attributes = {}, content = []) {
  const drawn = "svg g path rect circle text title defs marker".split(" ").includes(tag);
  const element = drawn ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return element;
}

/** Set a property to a text, if it is another: a page of thousands of elements is laid out anew for each. */
function put(element, property, text) {
  if (element[property] !== text) element[property] = text;
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
