// Where in the city: whether a point is in it, and an address as it is typed.

import { get } from "./api.js";
import { h } from "./dom.js";

const PAUSE_MS = 250;
const SHORTEST = 3;

/** Tell whether [lat, lon] is inside the city's line. */
export function inside(city, [lat, lon]) {
  const crossed = (ring) => {
    let odd = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) odd = !odd;
    }
    return odd;
  };
  return city.outline.some(([outside, ...holes]) => crossed(outside) && !holes.some(crossed));
}

/** Return the area of the address that a text means most likely, or none; for who has a session. */
export async function meant(text) {
  const known = await get("/v1/addresses", { q: text.trim() }).catch(() => ({ addresses: [] }));
  return known.addresses[0]?.cell;
}

/** Return an input that offers the addresses its text may mean, and the list it offers; for who has a session. */
export function addressInput(id, name, heard = () => {}) {
  const list = h("datalist", { id: `${id}-list` });
  const input = h("input", { id, name, type: "text", list: list.id, autocomplete: "street-address", maxlength: "200", required: true });
  let waiting;
  let known = new Map();
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    if (known.has(input.value)) heard(known.get(input.value));
    else if (input.value.trim().length >= SHORTEST) waiting = setTimeout(suggest, PAUSE_MS);
  });
  async function suggest() {
    try {
      const found = (await get("/v1/addresses", { q: input.value.trim() })).addresses;
      known = new Map(found.map((each) => [each.label, each.cell]));
      list.replaceChildren(...found.map((each) => h("option", { value: each.label })));
      if (known.has(input.value)) heard(known.get(input.value));
    } catch {
      list.replaceChildren(); // who types goes on: the address is read when it is sent
    }
  }
  return [input, list];
}
