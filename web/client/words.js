// What is said, in the reader's language: messages by code, distances and days.

const KEPT = "entraide-language";
const NAMES = { fr: "Français", nl: "Nederlands", de: "Deutsch", en: "English" };
let language = "fr";
let messages = {};

/** Read the words of the language chosen here before, else of the first one that the browser likes and the city has. */
export async function learn(city) {
  const liked = [localStorage.getItem(KEPT), ...navigator.languages.map((each) => each.slice(0, 2).toLowerCase())];
  language = liked.find((each) => city.languages.includes(each)) ?? city.languages[0];
  const answer = await fetch(new URL(`./words/${language}.json`, import.meta.url));
  messages = await answer.json();
  document.documentElement.lang = language;
}

export function spoken() {
  return language;
}

export function tongues(city) {
  return city.languages.map((each) => [each, NAMES[each] ?? each]);
}

export function speak(chosen) {
  localStorage.setItem(KEPT, chosen);
}

/** Return the message with its values; of a message with a number, the form that goes with `n`. */
export function say(code, values = {}) {
  let said = messages[code] ?? code;
  if (Array.isArray(said)) said = said[new Intl.PluralRules(language).select(values.n) === "one" ? 0 : 1];
  return said.replace(/\{([a-z_]+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

/** "450 m", "1,2 km": no finer than the areas that distances are taken from. */
export function distance(metres) {
  const near = Math.round(metres / 50) * 50;
  if (near < 100) return say("distance.near");
  if (near < 1000) return say("distance.metres", { n: near });
  const digits = metres < 10_000 ? 1 : 0;
  const n = (metres / 1000).toLocaleString(language, { maximumFractionDigits: digits });
  return say("distance.kilometres", { n });
}

export function day(instant, zone) {
  return new Date(instant).toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long", timeZone: zone });
}

export function listed(codes, family) {
  const names = codes.map((code) => (messages[`${family}.${code}`] ? say(`${family}.${code}`) : code));
  return new Intl.ListFormat(language, { type: "conjunction" }).format(names);
}

/** Return each window in words; none at all is any time. */
export function windows(said) {
  const weekly = said.weekly.map((each) => say("listing.weekly", { ...each, day: say(`day.${each.weekday}`) }));
  const dated = said.dated.map((each) => say("listing.dated", { ...each, day: day(`${each.day}T12:00:00Z`, "UTC") }));
  return weekly.length + dated.length ? [...weekly, ...dated] : [say("listing.any_time")];
}
