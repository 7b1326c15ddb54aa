// What is one's own: the name, the listings, who was brought together with whom.

import { every, get, keys, leave, patch, post, remove } from "./api.js";
import { card } from "./card.js";
import { field, h, radios } from "./dom.js";
import { form, trouble } from "./form.js";
import { day, distance, say } from "./words.js";

const REASONS = ["no_time", "too_far", "not_able", "already_helping", "other"];

export async function view({ city }) {
  const title = h("h1", {}, say("mine.title"));
  try {
    const [me, own, met] = await Promise.all([get("/v1/me"), every("/v1/me/listings", "listings"), every("/v1/matches", "matches")]);
    const rest = [matches(city, met), listings(own)];
    return [title, ...(me.name ? [...rest, name(me)] : [name(me), ...rest]), out()];
  } catch (error) {
    return [title, trouble(error, () => location.reload())];
  }
}

function matches(city, met) {
  const mine = [...met].sort((one, other) => Number(other.my_turn) - Number(one.my_turn));
  const told = mine.length ? h("ul", { class: "cards" }, mine.map((each) => match(city, each))) : h("p", {}, say("mine.no_matches"));
  return h("section", { "aria-labelledby": "matches" }, h("h2", { id: "matches" }, say("mine.matches")), told);
}

function match(city, met) {
  const theirs = met.side === "seeker" ? met.offer_title : met.need_title;
  const who = met.other?.name || say("match.nameless");
  const state = met.my_turn ? say("match.your_turn") : say(`match.${met.state}`);
  const words = [
    [say("match.asked_word"), met.message],
    [say("match.answer_word"), met.answer],
  ].filter(([, text]) => text);
  const box = h(
    "li",
    { class: met.my_turn ? "card turn" : "card" },
    h("p", { class: "marks" }, h("span", { class: met.my_turn ? "badge high" : "badge" }, state)),
    h("h3", {}, theirs ?? who),
    h("p", { class: "quiet" }, [who, met.distance_m === null ? null : say("listing.away", { distance: distance(met.distance_m) })].filter(Boolean).join(" · ")),
    met.answer_by ? h("p", { class: "quiet" }, say("match.answer_by", { date: day(met.answer_by, city.time_zone) })) : null,
    met.place_in_queue ? h("p", {}, say("match.queue", { n: met.place_in_queue })) : null,
    h("dl", { class: "facts" }, words.map(([label, text]) => h("div", {}, h("dt", {}, label), h("dd", { class: "prose" }, text)))),
  );
  if (!words.length) box.querySelector("dl").remove();
  if (met.my_turn) box.append(answers(met, box));
  return box;
}

/** Yes with a word, or no with a reason: one form each, of which one is open. */
function answers(met, box) {
  const [yes, no] = [keys(), keys()];
  const over = (told) => box.replaceChildren(h("p", { class: "done", role: "status", tabindex: "-1" }, told));
  const word = h("textarea", { id: `word-${met.id}`, name: "message", maxlength: "500", rows: "3" });
  const accept = form(
    async (values) => {
      const body = { message: values.get("message") };
      const now = await post(`/v1/matches/${met.id}/accept`, body, yes(body));
      over(say(now.state === "accepted" ? "match.yes" : "match.waits"));
    },
    {},
    field(say("match.word"), word),
    h("button", { type: "submit" }, say("match.accept")),
  );
  const decline = form(
    async (values) => {
      const body = { reason: values.get("reason") };
      await post(`/v1/matches/${met.id}/decline`, body, no(body));
      over(say("match.no"));
    },
    {},
    radios("reason", say("match.reason"), REASONS.map((each) => [each, say(`decline.${each}`)]), "no_time"),
    h("button", { type: "submit", class: "second" }, say("match.decline")),
  );
  return h("div", { class: "answers" }, accept, h("details", {}, h("summary", {}, say("match.decline")), decline));
}

function listings(own) {
  const told = own.length
    ? h("ul", { class: "cards" }, own.map((each) => card(each, `#/mine/${each.id}`, h("p", { class: "quiet" }, say(`state.${each.state}`)))))
    : h("p", {}, say("mine.no_listings"));
  const more = h("a", { class: "go second", href: "#/post" }, say("board.post"));
  return h("section", { "aria-labelledby": "own" }, h("h2", { id: "own" }, say("mine.listings")), told, more);
}

function out() {
  const signOut = async () => {
    await remove("/v1/sessions/current").catch(() => null); // here it is over in any case
    leave();
    location.hash = "#/";
  };
  return h("p", {}, h("button", { type: "button", class: "second", onclick: signOut }, say("nav.sign_out")));
}

function name(me) {
  let version = me.version;
  const saved = h("p", { role: "status" });
  const input = h("input", { id: "name", name: "name", maxlength: "50", value: me.name, autocomplete: "given-name" });
  return h(
    "section",
    { class: "sheet" },
    form(
      async (values) => {
        saved.textContent = "";
        ({ version } = await patch("/v1/me", { name: values.get("name").trim() }, version));
        saved.textContent = say("mine.saved");
      },
      {},
      field(say("mine.name"), input, say("mine.name_hint")),
      h("button", { type: "submit", class: "second" }, say("mine.save")),
      saved,
    ),
  );
}
