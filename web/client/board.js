// The board: what neighbours need and offer near a place, as a list and as a map of the same.

import { get, token } from "./api.js";
import { card } from "./card.js";
import { field, h, radios, select, tell } from "./dom.js";
import { trouble } from "./form.js";
import { drawn } from "./map.js";
import { addressInput, inside, meant } from "./places.js";
import { distance, say } from "./words.js";

const RADII = [500, 1000, 2000, 5000, 10_000, 20_000, 50_000];
const ASKED_AT_ONCE = 100;
const SHOWN_AT_ONCE = 20;
const WIDE = "(min-width: 60em)";
const ASKED = ["kind", "category", "text", "radius_m", "near", "from"];

export async function view({ city, query }) {
  const asked = Object.fromEntries(ASKED.map((name) => [name, query.get(name) ?? ""]));
  const near = point(asked.near) ?? city.centre;
  const found = h("section", { class: "found", "aria-labelledby": "found-title" });
  const figure = h("div");
  const map = h("details", { class: "figure", open: matchMedia(WIDE).matches }, h("summary", {}, say("map.title")), figure);
  const made = [
    h("div", { class: "intro" }, h("h1", {}, say("board.title", { city: city.name })), h("p", {}, say("board.lead"))),
    h("div", { class: "board" }, search(city, asked), map, found),
  ];
  await fill(city, asked, near, found, figure);
  return made;
}

function search(city, asked) {
  const kinds = [["", say("board.all")], ["need", say("board.needs")], ["offer", say("board.offers")]];
  const categories = city.categories.map(({ slug }) => [slug, say(`category.${slug}`)]);
  const radii = RADII.filter((each) => each <= city.radius_max_m).map((each) => [String(each), distance(each)]);
  const text = h("input", { id: "text", name: "text", type: "search", maxlength: "200", value: asked.text, enterkeyhint: "search" });
  const made = h(
    "form",
    { role: "search", class: "search" },
    radios("kind", say("board.kind"), kinds, asked.kind, { class: "tabs", onchange: () => made.requestSubmit() }),
    field(say("board.text"), text),
    field(say("board.category"), select({ id: "category", name: "category" }, [["", say("board.every_category")], ...categories], asked.category)),
    field(say("board.radius"), select({ id: "radius_m", name: "radius_m" }, [["", say("board.anywhere")], ...radii], asked.radius_m)),
    h("button", { type: "submit" }, say("board.search")),
    around(city, asked),
  );
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { address, ...wanted } = Object.fromEntries(new FormData(made));
    const cell = address?.trim() && (await meant(address));
    if (address?.trim() && !cell) made.querySelector(".around .hint").textContent = say("board.address_no");
    else ask({ ...asked, ...wanted, ...(cell ? { near: cell.id, from: "home" } : {}) });
  });
  return made;
}

/** Say around where it is searched, and offer another place: here, home, the middle. */
function around(city, asked) {
  const where = asked.near ? { here: "board.here", home: "board.home" }[asked.from] ?? "board.chosen" : "board.centre";
  const refused = h("p", { class: "hint", role: "alert" });
  const here = h("button", { type: "button", class: "second", onclick: () => locate(city, asked, refused) }, say("board.locate"));
  const back = asked.near ? h("button", { type: "button", class: "second", onclick: () => ask({ ...asked, near: "", from: "" }) }, say("board.to_centre")) : null;
  const made = h("div", { class: "around" }, h("p", {}, say(where)));
  if (token()) {
    const [input, list] = addressInput("address", "address", (cell) => ask({ ...asked, near: cell.id, from: "home" }));
    input.required = false;
    made.append(field(say("post.address"), input), list);
  }
  made.append(h("div", { class: "row" }, "geolocation" in navigator ? here : null, back), refused);
  return made;
}

function locate(city, asked, refused) {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const at = [coords.latitude, coords.longitude];
      if (inside(city, at)) ask({ ...asked, near: rounded(at), from: "here" });
      else refused.textContent = say("board.locate_out", { city: city.name });
    },
    () => (refused.textContent = say("board.locate_no")),
    { timeout: 10_000, maximumAge: 60_000 },
  );
}

function ask(wanted) {
  const told = ASKED.filter((name) => wanted[name]).map((name) => [name, wanted[name]]);
  location.hash = `#/${told.length ? `?${new URLSearchParams(told)}` : ""}`;
}

/** Ask for the nearest, show some of them, and where all of them are on the map. */
async function fill(city, asked, near, found, figure) {
  const { from: _, ...wanted } = asked;
  const question = { ...wanted, near: asked.near || rounded(city.centre), order: "distance", limit: ASKED_AT_ONCE };
  let page;
  try {
    page = await get("/v1/listings", question);
  } catch (error) {
    found.replaceChildren(trouble(error, () => fill(city, asked, near, found, figure)));
    return;
  }
  const all = [...page.listings];
  const count = say("count.listings", { n: page.total });
  const list = h("ol", { class: "cards" }, all.slice(0, SHOWN_AT_ONCE).map(shown));
  const choose = (at) => ask({ ...asked, near: rounded(at), from: "" });
  const draw = () => figure.replaceChildren(drawn(city, all, centreOf(asked.near, all) ?? near, choose), h("p", { class: "hint" }, say("map.hint", { size: distance(city.cell_m) })));
  const more = h("button", { type: "button", class: "second", onclick: () => goOn() }, say("board.more"));
  more.hidden = page.total <= list.children.length;

  /** Show some more of those that are here; when they are used up, ask for those that follow. */
  async function goOn() {
    const before = list.children.length;
    more.disabled = true;
    try {
      if (before === all.length) {
        page = await get("/v1/listings", { ...question, cursor: page.next });
        all.push(...page.listings);
        draw();
      }
      list.append(...all.slice(before, before + SHOWN_AT_ONCE).map(shown));
      list.children[before]?.querySelector("a").focus();
      more.hidden = list.children.length === all.length && !page.next;
    } catch (error) {
      const told = trouble(error, () => (told.remove(), goOn()));
      more.after(told);
    }
    more.disabled = false;
  }
  found.replaceChildren(h("h2", { id: "found-title", tabindex: "-1" }, count), ...(page.total ? [list, more] : empty()));
  draw();
  tell(count);
}

function shown(listing) {
  return card(listing, `#/listing/${listing.id}`);
}

function empty() {
  return [
    h("p", {}, h("strong", {}, say("board.empty"))),
    h("p", {}, say("board.empty_hint")),
    h("div", { class: "row" }, h("a", { class: "go", href: "#/" }, say("board.reset")), h("a", { class: "go second", href: "#/post" }, say("board.post"))),
  ];
}

/** A point as an address of this page has it, or none when it is a cell. */
function point(near) {
  const read = near.split(",").map(Number);
  return read.length === 2 && read.every(Number.isFinite) ? read : null;
}

function centreOf(near, listings) {
  const cell = listings.find((each) => each.cell.id === near)?.cell;
  return cell ? [cell.lat, cell.lon] : null;
}

function rounded(at) {
  return at.map((each) => each.toFixed(4)).join(",");
}
