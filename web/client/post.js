// Publishing a need or an offer.

import { keys, post, Problem } from "./api.js";
import { field, h, radios, select } from "./dom.js";
import { form } from "./form.js";
import { addressInput } from "./places.js";
import { distance, say, spoken } from "./words.js";

const REACHES = [500, 1000, 2000, 3000, 5000, 10_000, 20_000];
const USUAL_M = "3000";

export async function view({ city, query }) {
  const kind = query.get("kind") === "offer" ? "offer" : "need";
  const key = keys();
  const [address, offered] = addressInput("place", "place");
  const made = form(
    async (values) => {
      const body = read(values);
      if (!body.category) throw new Problem(0, { title: "", errors: [{ pointer: "/category", detail: say("fault.category") }] });
      const path = values.get("kind") === "need" ? "/v1/needs" : "/v1/offers";
      const published = await post(path, body, key([path, body]));
      location.hash = `#/mine/${published.id}`;
    },
    {},
    radios("kind", say("post.kind"), [["need", say("post.need")], ["offer", say("post.offer")]], kind, { onchange: () => turned(made) }),
    field(say("post.category"), categories(city, query.get("category"))),
    h("p", { class: "hint", id: "leave", hidden: true }),
    field(say("post.headline"), h("input", { id: "title", name: "title", maxlength: "100", required: true }), say("post.headline_hint")),
    field(say("post.text"), h("textarea", { id: "text", name: "text", maxlength: "2000", rows: "5", required: true })),
    field(say("post.address"), address, say("post.address_hint")),
    offered,
    field(say("post.reach"), reaches(city)),
    radios("urgency", say("post.urgency"), ["low", "normal", "high"].map((each) => [each, say(`urgency.${each}`)]), "normal", { id: "urgency" }),
    field(say(`post.capacity_${kind}`), h("input", { id: "capacity", name: "capacity", type: "number", min: "1", max: "50", value: "1", inputmode: "numeric" })),
    tongues(city),
    h("button", { type: "submit" }, say("post.send")),
  );
  queueMicrotask(() => turned(made));
  made.elements.category.addEventListener("change", () => stays(city, made));
  stays(city, made);
  return [h("section", { class: "sheet" }, h("h1", {}, say("post.title")), made)];
}

function read(values) {
  const body = {
    title: values.get("title").trim(),
    text: values.get("text").trim(),
    category: values.get("category"),
    place: { address: values.get("place").trim() },
    reach_m: Number(values.get("reach_m")),
    capacity: Number(values.get("capacity")),
    languages: values.getAll("languages"),
  };
  return values.get("kind") === "need" ? { ...body, urgency: values.get("urgency") } : body;
}

/** A need says how urgent it is, and how many are wanted; an offer, how many it can be for. */
function turned(made) {
  const kind = made.elements.kind.value;
  made.querySelector("#urgency").hidden = kind !== "need";
  made.querySelector('label[for="capacity"]').textContent = say(`post.capacity_${kind}`);
}

function categories(city, chosen) {
  const known = city.categories.map(({ slug }) => [slug, say(`category.${slug}`)]);
  return select({ id: "category", name: "category", required: true }, [["", say("post.choose")], ...known], chosen);
}

function stays(city, made) {
  const days = city.categories.find(({ slug }) => slug === made.elements.category.value)?.days;
  const told = made.querySelector("#leave");
  told.hidden = !days;
  if (days) told.textContent = say("post.leave", { days });
}

function reaches(city) {
  const known = REACHES.filter((each) => each <= city.radius_max_m).map((each) => [String(each), distance(each)]);
  return select({ id: "reach_m", name: "reach_m" }, known, USUAL_M);
}

function tongues(city) {
  const each = [...new Set([...city.languages, "ar", "tr", "es", "it", "pt"])].map((code) =>
    h("label", { class: "choice" }, h("input", { type: "checkbox", name: "languages", value: code, id: `language-${code}`, checked: code === spoken() }), h("span", {}, say(`language.${code}`))),
  );
  return h("fieldset", {}, h("legend", {}, say("post.languages")), h("div", { class: "choices" }, each));
}
