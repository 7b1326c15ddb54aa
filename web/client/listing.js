// One listing, as anybody may read it, and how to answer it.

import { every, get, keys, post, token } from "./api.js";
import { badge, urgent } from "./card.js";
import { field, h, radios } from "./dom.js";
import { form, trouble } from "./form.js";
import { drawn } from "./map.js";
import { day, distance, listed, say, windows } from "./words.js";

export async function view({ city, id }) {
  const back = h("p", {}, h("a", { class: "back", href: "#/", onclick: goBack }, say("listing.back")));
  try {
    const listing = await get(`/v1/listings/${id}`);
    return [back, h("article", { class: "sheet" }, ...told(city, listing), await answer(listing))];
  } catch (error) {
    return [back, h("h1", {}, say("board.results")), trouble(error, () => location.reload())];
  }
}

function goBack(event) {
  if (history.length < 2) return;
  event.preventDefault();
  history.back();
}

/** What is said of a listing: title, text, facts, and where on the map. */
export function told(city, listing) {
  return [
    h("p", { class: "marks" }, badge(listing.kind), urgent(listing), h("span", {}, say(`category.${listing.category}`))),
    h("h1", {}, listing.title),
    h("p", { class: "prose" }, listing.text),
    h("dl", { class: "facts" }, facts(city, listing).map(([name, words]) => h("div", {}, h("dt", {}, name), [words].flat().map((each) => h("dd", {}, each))))),
    h("div", { class: "small" }, still(drawn(city, [{ ...listing, distance_m: 0 }], [listing.cell.lat, listing.cell.lon], () => null))),
  ];
}

/** The map of one listing says where; there is nothing to choose on it. */
function still(map) {
  map.setAttribute("role", "img");
  map.querySelector(".cells").replaceWith(...map.querySelector(".cells").children);
  const cell = map.querySelector(".cell");
  for (const name of ["role", "tabindex", "aria-label"]) cell.removeAttribute(name);
  cell.replaceChildren();
  return map;
}

function facts(city, listing) {
  const until = (instant) => day(instant, city.time_zone);
  const found = [
    [say("listing.when"), windows(listing.windows)],
    [say(`listing.reach_${listing.kind}`), distance(listing.reach_m)],
    [say("listing.languages"), listed(listing.languages, "language")],
    [say(`listing.places_${listing.kind}`), say("listing.places_of", { left: listing.left, capacity: listing.capacity })],
  ];
  if (listing.kind === "need") found.unshift([say("listing.urgency"), say(`urgency.${listing.urgency}`)]);
  if (listing.needed_by) found.push([say("listing.needed_by"), until(listing.needed_by)]);
  if (listing.on_behalf) found.push([say("listing.for"), say("listing.behalf")]);
  found.push([say("listing.published"), until(listing.published_at)], [say("listing.expires"), until(listing.expires_at)]);
  return found;
}

/** What who reads it can do: sign in, publish what goes with it, or ask its author with a listing of theirs. */
async function answer(listing) {
  if (!token()) {
    const then = new URLSearchParams({ then: location.hash });
    return h("a", { class: "go", href: `#/sign-in?${then}` }, say("listing.sign_in"));
  }
  const own = await every("/v1/me/listings", "listings");
  if (own.some((each) => each.id === listing.id)) {
    return h("p", {}, `${say("listing.mine")} `, h("a", { href: `#/mine/${listing.id}` }, say("mine.candidates")));
  }
  const other = listing.kind === "need" ? "offer" : "need";
  const fit = own.filter((each) => each.kind === other && each.state === "open");
  if (!fit.length) return invite(listing, other);
  const key = keys();
  const box = h("section", { class: "answer", "aria-label": say(`listing.answer_${listing.kind}`) });
  const words = h("textarea", { id: "message", name: "message", maxlength: "500", rows: "4" });
  box.append(
    h("h2", {}, say(`listing.answer_${listing.kind}`)),
    form(
      async (values) => {
        const body = { [listing.kind]: listing.id, [other]: values.get("mine"), message: values.get("message") };
        await post("/v1/matches", body, key(body));
        box.replaceChildren(h("p", { class: "done", role: "status" }, say("listing.sent")), h("a", { class: "go", href: "#/mine" }, say("nav.mine")));
      },
      {},
      radios("mine", say("listing.with"), fit.map((each) => [each.id, each.title]), fit[0].id),
      field(say("listing.message"), words),
      h("button", { type: "submit" }, say("listing.send")),
    ),
  );
  return box;
}

function invite(listing, other) {
  const query = new URLSearchParams({ kind: other, category: listing.category });
  return h("section", { class: "answer" }, h("p", {}, say(`listing.none_${other}`)), h("a", { class: "go", href: `#/post?${query}` }, say(`listing.post_${other}`)));
}
