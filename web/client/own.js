// One listing of one's own: what it says, who fits it and why, and taking it back.

import { get, keys, post } from "./api.js";
import { card } from "./card.js";
import { h } from "./dom.js";
import { form, trouble } from "./form.js";
import { told } from "./listing.js";
import { say } from "./words.js";

export async function view({ city, id }) {
  const back = h("p", {}, h("a", { class: "back", href: "#/mine" }, say("mine.back")));
  try {
    const listing = await get(`/v1/me/listings/${id}`);
    const place = h("p", { class: "quiet" }, `${say("mine.address")} : `, listing.place.label);
    const state = h("p", {}, h("span", { class: "badge" }, say(`state.${listing.state}`)));
    const refused = listing.refusal ? h("p", { class: "wrong" }, listing.refusal) : null;
    const sheet = h("article", { class: "sheet" }, state, refused, ...told(city, listing), place);
    if (!["open", "held", "matched"].includes(listing.state)) return [back, sheet];
    sheet.append(withdrawal(id));
    return [back, sheet, ...(listing.state === "open" ? [await candidates(listing)] : [])].filter(Boolean);
  } catch (error) {
    return [back, h("h1", {}, say("mine.listings")), trouble(error, () => location.reload())];
  }
}

async function candidates(listing) {
  const { candidates: found } = await get(`/v1/me/listings/${listing.id}/candidates`, { limit: 5 });
  const told = found.length ? h("ol", { class: "cards" }, found.map((each) => candidate(listing, each))) : h("p", {}, say("mine.no_candidates"));
  return h("section", { "aria-labelledby": "fits" }, h("h2", { id: "fits" }, say("mine.candidates")), told);
}

function candidate(listing, found) {
  const key = keys();
  const other = listing.kind === "need" ? "offer" : "need";
  const ask = form(
    async () => {
      const body = { [listing.kind]: listing.id, [other]: found.id };
      await post("/v1/matches", body, key(body));
      ask.replaceWith(h("p", { class: "done", role: "status" }, say("mine.asked")));
    },
    {},
    h("button", { type: "submit", class: "second", "aria-label": `${say("mine.ask")} : ${found.title}` }, say("mine.ask")),
  );
  const why = found.reasons.filter(({ points }) => points > 0).map(({ words }) => h("li", {}, words));
  const reasons = h("details", {}, h("summary", {}, say("mine.why")), h("ul", {}, why));
  return card(found, `#/listing/${found.id}`, reasons, ask);
}

/** Taking a listing back is asked for twice: it cannot be undone. */
function withdrawal(id) {
  const key = keys();
  const made = form(
    async () => {
      await post(`/v1/listings/${id}/withdraw`, {}, key({}));
      made.closest("details").replaceWith(h("p", { class: "done", role: "status" }, say("mine.withdrawn")));
    },
    {},
    h("p", {}, say("mine.withdraw_sure")),
    h("button", { type: "submit", class: "danger" }, say("mine.withdraw")),
  );
  return h("details", {}, h("summary", {}, say("mine.withdraw")), made);
}
