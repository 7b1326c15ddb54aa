// A form that is sent once at a time, and says at the top and at the field what is wrong.

import { byId, h } from "./dom.js";
import { say } from "./words.js";

/** Return a form; `send` gets its values and does it. What it throws is shown, and focus goes there. */
export function form(send, attributes, ...children) {
  const wrong = h("div", { class: "wrong", role: "alert", tabindex: "-1", hidden: true });
  const made = h("form", { novalidate: true, ...attributes }, wrong, ...children);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = [...made.querySelectorAll("button")];
    clear(made, wrong);
    for (const each of buttons) each.disabled = true;
    try {
      await send(new FormData(made));
    } catch (error) {
      show(made, wrong, error);
    } finally {
      for (const each of buttons) each.disabled = false;
    }
  });
  return made;
}

function clear(made, wrong) {
  wrong.hidden = true;
  wrong.replaceChildren();
  for (const each of made.querySelectorAll(".fault")) each.remove();
  for (const each of made.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

function show(made, wrong, error) {
  wrong.replaceChildren(...(error.message ? [h("p", {}, error.message)] : []));
  const listed = [];
  for (const fault of error.faults ?? []) {
    const name = fault.pointer.split("/")[1];
    const input = made.elements.namedItem(name);
    const at = input instanceof RadioNodeList ? input[0] : input;
    const label = at?.id ? made.querySelector(`label[for="${at.id}"]`)?.textContent : "";
    const words = [label, fault.detail].filter(Boolean).join(" – ");
    listed.push(h("li", {}, at?.id ? h("a", { href: `#${at.id}`, onclick: (event) => go(event, at.id) }, words) : words));
    if (!at) continue;
    at.setAttribute("aria-invalid", "true");
    at.before(h("span", { class: "fault" }, fault.detail));
  }
  if (listed.length) wrong.append(h("ul", {}, listed));
  wrong.hidden = false;
  wrong.focus();
}

function go(event, id) {
  event.preventDefault();
  byId(id).focus();
}

/** Return what says on a page that it could not be shown, and tries again. */
export function trouble(error, again) {
  return h("div", { class: "wrong", role: "alert" }, h("p", {}, error.message), h("button", { type: "button", onclick: again }, say("fault.again")));
}
