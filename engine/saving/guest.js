// The guest: a page in a frame takes its light and its keys from the notebook around it.
//
// A page that is alone takes its light from the system. The root has the class "dark", or has not.

{
  const prefers = matchMedia("(prefers-color-scheme: dark)"), alone = parent === window;
  let told = alone ? undefined : { dark: true, light: false }[window.name];
  const light = () => {
    document.documentElement.classList.toggle("dark", told ?? prefers.matches);
    dispatchEvent(new Event("light"));
  };
  prefers.addEventListener("change", light);
  addEventListener("message", ({ source, data }) => {
    if (alone || source !== parent) return;
    const { dark, key } = Object(Object(data).chainrule);
    if (typeof dark === "boolean") light((told = dark));
    if (typeof key === "string") document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
  for (const [name, over] of [["pointerenter", true], ["pointerleave", false]]) {
    if (!alone) document.documentElement.addEventListener(name, () => parent.postMessage({ over }, "*"));
  }
  light();
}
