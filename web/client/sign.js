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

/** Opening the link is not enough: programs that look through mails open links too. No going back leads to it again. */
function linked(box, then, link) {
  entrance(box, then, () => ({ token: link }), () => location.replace(then), h("p", {}, say("sign.linked")));
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
  const code = h("input", { id: "code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "7", required: true, class: "code" });
  const told = (values) => ({ attempt, code: values.get("code").replace(/\s/g, "") });
  const sent = h("p", { role: "status" }, say("sign.sent", { email }));
  entrance(box, then, told, () => (location.hash = then), sent, field(say("sign.code"), code));
  code.focus();
}

/** Show what opens a session: `told` makes of the form what the city is told, `go` leaves when it believes that. */
function entrance(box, then, told, go, ...shown) {
  const key = keys();
  const stay = h("label", { class: "choice" }, h("input", { type: "checkbox", name: "stay" }), h("span", {}, say("sign.stay")));
  box.replaceChildren(
    h("h1", {}, say("sign.title")),
    form(
      async (values) => {
        const body = told(values);
        const opened = await post("/v1/sessions", body, key(body));
        enter(opened.token, values.get("stay") === "on");
        go();
      },
      {},
      ...shown,
      stay,
      h("button", { type: "submit" }, say("sign.enter")),
      h("button", { type: "button", class: "plain", onclick: () => (asking(box, then), byId("email").focus()) }, say("sign.again")),
    ),
  );
}
