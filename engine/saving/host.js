// The host: a notebook shows a page in a frame, and tells it of its light and of keys.
//
// A block holds a still picture and, in a template, the frame of the page. Where this script runs, the
// frame takes the picture's place. The page reaches nothing of the notebook, and tells it one thing:
// whether the pointer is over it.

for (const block of (document.currentScript?.getRootNode() ?? document).querySelectorAll("[data-chainrule]:not([data-live])")) {
  const frame = block.querySelector("template").content.firstElementChild.cloneNode(true);
  const tell = (what) => frame.contentWindow?.postMessage({ chainrule: what }, "*");
  block.dataset.live = "";
  block.firstElementChild.style.display = "none";
  frame.name = darkBehind(block) ? "dark" : "light";
  frame.addEventListener("load", () => followLight(block, (dark) => tell({ dark })));
  block.append(frame);
  window.addEventListener("message", ({ source, data }) => {
    if (source && source === frame.contentWindow) frame.dispatchEvent(new Event(Object(data).over ? "pointerenter" : "pointerleave"));
  });
  hearKeys(frame, keepFitted(frame, parseFloat(frame.style.height)), (key) => tell({ key }));
}
