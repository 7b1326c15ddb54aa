// Elements, made of names, attributes and children; text is always text, never markup.

const SVG = new Set(["svg", "path", "g", "rect", "circle", "title"]);

/** Return an element; `on` attributes are listeners, true is an empty attribute, null or false none. */
export function h(name, attributes = {}, ...children) {
  const made = SVG.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Say something to whoever does not see that it happened. */
export function tell(text) {
  byId("said").textContent = text;
}

/** A labelled field; its hint, and later its fault, are read with it. */
export function field(label, input, hint) {
  const id = input.id;
  const told = hint ? h("span", { class: "hint", id: `${id}-hint` }, hint) : null;
  if (told) input.setAttribute("aria-describedby", told.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), told, input);
}

/** Choices of which one is taken, as (value, words). */
export function radios(name, legend, choices, chosen, attributes = {}) {
  const each = choices.map(([value, words]) =>
    h("label", { class: "choice" }, h("input", { type: "radio", name, value, checked: value === chosen }), h("span", {}, words)),
  );
  return h("fieldset", attributes, h("legend", {}, legend), h("div", { class: "choices" }, each));
}

export function select(attributes, choices, chosen) {
  return h("select", attributes, choices.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
}
