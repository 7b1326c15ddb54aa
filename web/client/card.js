// A listing in a list.

import { h } from "./dom.js";
import { distance, say } from "./words.js";

export function badge(kind) {
  return h("span", { class: `badge ${kind}` }, say(`kind.${kind}`));
}

export function urgent(listing) {
  return listing.urgency === "high" && listing.kind === "need" ? h("span", { class: "badge high" }, say("urgency.high")) : null;
}

/** Return the card of a listing that leads to `to`; `more` is what comes below. */
export function card(listing, to, ...more) {
  const far = listing.distance_m === null || listing.distance_m === undefined ? null : say("listing.away", { distance: distance(listing.distance_m) });
  return h(
    "li",
    { class: "card" },
    h("p", { class: "marks" }, listing.kind ? badge(listing.kind) : null, urgent(listing), h("span", {}, say(`category.${listing.category}`))),
    h("h3", {}, h("a", { href: to }, listing.title)),
    far ? h("p", { class: "quiet" }, far) : null,
    ...more,
  );
}
