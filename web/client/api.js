// The city's API on the same host: JSON in and out, a session where there is one, refusals as Problem.

import { say, spoken } from "./words.js";

const KEPT = "entraide-session";

/** What the API refused: `message` says what to do, `faults` what is wrong with which field. */
export class Problem extends Error {
  constructor(status, body) {
    super([body.title, body.detail].filter(Boolean).join(" "));
    this.status = status;
    this.faults = body.errors ?? [];
  }
}

export function token() {
  return sessionStorage.getItem(KEPT) ?? localStorage.getItem(KEPT);
}

/** Keep the session for as long as the page is open, or on this device. */
export function enter(session, stay) {
  (stay ? localStorage : sessionStorage).setItem(KEPT, session);
}

export function leave() {
  sessionStorage.removeItem(KEPT);
  localStorage.removeItem(KEPT);
}

export function get(path, query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== undefined));
  return call("GET", asked.size ? `${path}?${asked}` : path);
}

/** Return all of a list of one's own, page after page. */
export async function every(path, name) {
  const found = [];
  let cursor;
  do {
    const page = await get(path, { cursor });
    found.push(...page[name]);
    cursor = page.next;
  } while (cursor);
  return found;
}

export function post(path, body, key) {
  return call("POST", path, body, { "Idempotency-Key": key });
}

export function patch(path, body, version) {
  return call("PATCH", path, body, { "If-Match": `"${version}"` });
}

export function remove(path) {
  return call("DELETE", path);
}

/** Return what gives a key for a body: the same again for the same one, so that trying again does nothing twice. */
export function keys() {
  let last = "";
  let key = "";
  return (body) => {
    const now = JSON.stringify(body);
    if (now !== last) [last, key] = [now, crypto.randomUUID()];
    return key;
  };
}

async function call(method, path, body, headers = {}) {
  const sent = { "Accept-Language": spoken(), ...headers };
  if (token()) sent.Authorization = `Bearer ${token()}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { title: say("fault.offline") });
  }
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  if (answer.status === 401 && path !== "/v1/sessions") leave();
  throw new Problem(answer.status, refusal(answer.status, text));
}

function refusal(status, text) {
  try {
    const body = JSON.parse(text);
    if (body.code !== "gateway" && body.code !== "internal") return body;
  } catch {
    // what stands between here and the API answered, not the API
  }
  return { title: say(status === 429 || status >= 500 ? "fault.busy" : "fault.gone") };
}
