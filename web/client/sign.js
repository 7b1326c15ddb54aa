// Signing in: an address, then the code that was mailed to it; or the link of that mail, which led here.

import { enter, keys, post } from "./api.js";
import { byId, field, h } from "./dom.js";
import { form } from "./form.js";
import { say } from "./words.js";

export async function view({ query }) {
  const box = h("section", { class: "sheet narrow" });
  const then = query.get("then") ?? "";
  const where = then.startsWith("#/") ? then : "#/mine";
  if (query.has("token")) linked(box, where, query.get("token"));
  else asking(box, where);
  return [box];
}

/** Opening the link is not enough: programs that look through mails open links too. */
function linked(box, then, link) {
  const key = keys();
  box.replaceChildren(
    h("h1", {}, say("sign.title")),
    form(
      async (values) => {
        const body = { token: link };
        const opened = await post("/v1/sessions", body, key(body));
        enter(opened.token, values.get("stay") === "on");
        location.replace(then);
      },
      {},
      h("p", {}, say("sign.linked")),
      staying(),
      h("button", { type: "submit" }, say("sign.enter")),
      h("button", { type: "button", class: "plain", onclick: () => (asking(box, then), byId("email").focus()) }, say("sign.again")),
    ),
  );
}

function staying() {
  return h("label", { class: "choice" }, h("input", { type: "checkbox", name: "stay" }), h("span", {}, say("sign.stay")));
}

function asking(box, then) {
  const key = keys();
  const email = h("input", { id: "email", name: "email", type: "email", autocomplete: "email", required: true, maxlength: "254" });
  box.replaceChildren(
    h("h1", {}, say("sign.title")),
    form(
      async (values) => {
        const body = { email: values.get("email").trim() };
        const { attempt } = await post("/v1/sign-in", body, key(body));
        entering(box, then, attempt, body.email);
      },
      {},
      h("p", {}, say("sign.lead")),
      field(say("sign.email"), email, say("sign.email_hint")),
      h("button", { type: "submit" }, say("sign.ask")),
    ),
  );
}

function entering(box, then, attempt, email) {
  const key = keys();
  const code = h("input", { id: "code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "7", required: true, class: "code" });
  box.replaceChildren(
    h("h1", {}, say("sign.title")),
    form(
      async (values) => {
        const body = { attempt, code: values.get("code").replace(/\s/g, "") };
        const opened = await post("/v1/sessions", body, key(body));
        enter(opened.token, values.get("stay") === "on");
        location.hash = then;
      },
      {},
      h("p", { role: "status" }, say("sign.sent", { email })),
      field(say("sign.code"), code),
      staying(),
      h("button", { type: "submit" }, say("sign.enter")),
      h("button", { type: "button", class: "plain", onclick: () => (asking(box, then), byId("email").focus()) }, say("sign.again")),
    ),
  );
  code.focus();
}
