// The city's own line and the areas that hold listings: a drawing, without a map of anybody else's.

import { h } from "./dom.js";
import { distance, say } from "./words.js";

const WIDE = 600;

/** Return the map of a city; `listings` give the areas, `near` where it is searched, `choose` hears [lat, lon]. */
export function drawn(city, listings, near, choose) {
  const shape = projection(city);
  const areas = byCell(listings);
  const most = Math.max(1, ...areas.map((each) => each.n));
  const cells = areas.map((each, number) => cell(each, most, number === 0, shape, choose));
  const line = h("path", { class: "outline", d: city.outline.map((rings) => rings.map(shape.ring).join("")).join("") });
  const at = shape.point(near);
  const here = h("circle", { class: "here", cx: at[0], cy: at[1], r: 7 });
  const made = h(
    "svg",
    { class: "map", viewBox: `0 0 ${WIDE} ${shape.high}`, role: "group", "aria-label": say("map.label", { city: city.name }) },
    line,
    h("g", { class: "cells" }, cells),
    here,
  );
  made.addEventListener("click", (event) => {
    const box = made.getBoundingClientRect();
    choose(shape.back((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
  });
  made.addEventListener("keydown", (event) => walk(event, cells));
  return made;
}

function byCell(listings) {
  const found = new Map();
  for (const each of listings) {
    const known = found.get(each.cell.id) ?? { cell: each.cell, n: 0, far: each.distance_m };
    known.n += 1;
    found.set(each.cell.id, known);
  }
  return [...found.values()];
}

function cell(area, most, first, shape, choose) {
  const [west, south, east, north] = area.cell.bounds;
  const [left, top] = shape.point([north, west]);
  const [right, bottom] = shape.point([south, east]);
  const words = say("map.cell", { listings: say("count.listings", { n: area.n }), distance: distance(area.far ?? 0) });
  const pick = (event) => {
    event.stopPropagation();
    choose([area.cell.lat, area.cell.lon]);
  };
  return h(
    "rect",
    {
      class: "cell", x: left, y: top, width: right - left, height: bottom - top, "fill-opacity": 0.35 + (0.6 * area.n) / most,
      role: "button", tabindex: first ? "0" : "-1", "aria-label": words, onclick: pick,
      onkeydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), pick(event)),
    },
    h("title", {}, words),
  );
}

/** Arrow keys go through the areas, the nearest first: one stop of the tab key for all of them. */
function walk(event, cells) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const now = cells.indexOf(event.target);
  if (!step || now < 0) return;
  event.preventDefault();
  const next = cells[(now + step + cells.length) % cells.length];
  cells[now].setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

/** Degrees to the drawing and back: true enough within a city or a province. */
function projection(city) {
  const all = city.outline.flat(2);
  const lons = all.map((each) => each[0]);
  const lats = all.map((each) => each[1]);
  const [west, east, south, north] = [Math.min(...lons), Math.max(...lons), Math.min(...lats), Math.max(...lats)];
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const edge = 12;
  const scale = (WIDE - 2 * edge) / ((east - west) * narrow);
  const high = Math.round((north - south) * scale + 2 * edge);
  const point = ([lat, lon]) => [round(edge + (lon - west) * narrow * scale), round(edge + (north - lat) * scale)];
  return {
    high,
    point,
    ring: (positions) => `M${positions.map(([lon, lat]) => point([lat, lon]).join(" ")).join("L")}Z`,
    back: (x, y) => [north - (y * high - edge) / scale, west + (x * WIDE - edge) / (narrow * scale)],
  };
}

function round(value) {
  return Math.round(value * 10) / 10;
}
