// The page of securesearch. It holds one token, or none, and sends it with every
// request as an Authorization header; the server decides everything. Text from
// documents and tokens is put into the page as text, never as markup.

const byId = (id) => document.getElementById(id);
const pageSize = 10, mostHits = 1000;

const state = { who: "guest", token: "", minted: 0, type: "", limit: pageSize };
let turn = new AbortController(); // of whoever is asking; ended when somebody else is
let running = null; // the AbortController of the search under way
let clock = 0;

// ---- Small helpers ----

function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

function show(id, visible) {
  byId(id).hidden = !visible;
}

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
const label = (type) => type.charAt(0).toUpperCase() + type.slice(1).replaceAll("-", " ");

// call asks the server as the current caller. It throws a refusal with a title
// and a text for people.
async function call(path, signal) {
  const headers = {};
  if (state.token !== "") {
    if (!/^[\x21-\x7e]+$/.test(state.token)) {
      throw { title: "This is not a token", text: "A token is one word of letters, digits, dots, dashes and underscores. Paste it whole, without spaces.", words: "" };
    }
    headers.Authorization = `Bearer ${state.token}`;
  } else if (state.who === "token") {
    headers.Authorization = "Bearer"; // an empty token is no guest, and the server says so
  }
  let response;
  try {
    response = await fetch(path, { headers, signal, cache: "no-store" });
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw { title: "The server does not answer", text: "Is securesearch still running? Start it again, then search once more.", words: "" };
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw {
      refused: response.status === 401,
      title: answer.title || `The server answered ${response.status}`,
      text: answer.text || "Try again.",
      words: answer.words || "",
    };
  }
  return answer;
}

// ---- Who is asking ----

function addPersona(name, groups) {
  const card = byId("persona-template").content.cloneNode(true);
  const input = card.querySelector("input");
  input.value = name;
  input.id = `who-${name}`;
  card.querySelector(".face").textContent = name === "token" ? "…" : name[0];
  card.querySelector(".name").textContent = name === "token" ? "A token" : label(name);
  card.querySelector(".groups").textContent = groups;
  input.addEventListener("change", () => choose(name));
  byId("personas").append(card);
}

// next ends what is under way for the last caller: nobody sees what was found for
// somebody else.
function next() {
  turn.abort();
  running?.abort();
  clear();
  if (byId("reader").open) byId("reader").close();
  return (turn = new AbortController()).signal;
}

async function choose(name) {
  const mine = next();
  Object.assign(state, { who: name, token: "", type: "", limit: pageSize });
  byId(`who-${name}`).checked = true;
  show("own", name === "token");
  showToken();
  try {
    const token = name === "token" ? byId("token").value.trim() : name === "guest" ? "" : await mint(name, "", mine);
    if (mine.aborted) return; // somebody else was chosen meanwhile
    state.token = token;
    state.minted = performance.now();
  } catch (refusal) {
    return mine.aborted || refuse(refusal);
  }
  showToken();
  await search();
}

async function mint(name, kind, signal) {
  const answer = await fetch(`api/token?as=${encodeURIComponent(name)}&kind=${kind}`, { cache: "no-store", signal }).catch(() => null);
  if (!answer || !answer.ok) throw { title: "No token for this person", text: "The server gave out none. Paste one instead.", words: "" };
  return (await answer.json()).token;
}

async function sample(kind) {
  const mine = next();
  try {
    const token = await mint("mary", kind, mine);
    if (mine.aborted) return;
    byId("token").value = token;
  } catch (refusal) {
    return mine.aborted || refuse(refusal);
  }
  await choose("token");
}

// ---- The token, decoded in this tab and verified by nobody here ----

function decode(part) {
  const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error("no object");
  return value;
}

function fill(list, object) {
  list.replaceChildren();
  for (const [name, value] of Object.entries(object)) {
    const time = ["exp", "iat", "nbf"].includes(name) && typeof value === "number" ? ` (${new Date(value * 1000).toLocaleString()})` : "";
    list.append(element("dt", {}, name), element("dd", {}, (typeof value === "string" ? value : JSON.stringify(value)) + time));
  }
}

// expired reports whether a token that the server gave out has outlived its time,
// by the time that has passed here: the clocks may differ.
function expired() {
  try {
    const { iat, exp } = decode(state.token.split(".")[1]);
    return performance.now() - state.minted >= (exp - iat) * 1000;
  } catch {
    return false; // the server will say what is wrong with it
  }
}

function showToken() {
  clearInterval(clock);
  show("inside-some", false);
  show("inside-none", true);
  verdict("");
  if (state.token === "") {
    byId("inside-none").textContent = state.who === "token" ? "Paste a token to look inside." : "A guest has no token. Only public documents are found.";
    return;
  }
  let header, claims;
  try {
    const parts = state.token.split(".");
    header = decode(parts[0]);
    claims = decode(parts[1]);
  } catch {
    byId("inside-none").textContent = "This cannot be decoded: a token is three parts, separated by dots, and the first two are JSON in base64url.";
    return;
  }
  fill(byId("token-header"), header);
  fill(byId("token-claims"), claims);
  const tick = () => {
    const now = Date.now() / 1000;
    const from = typeof claims.iat === "number" ? claims.iat : now;
    const left = claims.exp - now;
    byId("life").hidden = typeof claims.exp !== "number";
    byId("life").value = Math.min(1, Math.max(0, left / (claims.exp - from || 1)));
    byId("life-text").textContent = typeof claims.exp !== "number" ? "It has no expiry."
      : left <= 0 ? `It expired ${span(-left)} ago.`
      : claims.nbf > now || from > now ? `It begins in ${span(Math.max(claims.nbf || 0, from) - now)}.`
      : `It lives for another ${span(left)}.`;
  };
  tick();
  clock = setInterval(tick, 1000);
  show("inside-none", false);
  show("inside-some", true);
}

const verdicts = { "": "", good: "Verified by the server.", bad: "Refused by the server: do not believe what it says." };

function verdict(word) {
  byId("verdict").className = word;
  byId("verdict").textContent = verdicts[word];
}

function span(seconds) {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

// ---- Searching ----

async function search() {
  running?.abort();
  const own = (running = new AbortController());
  const words = byId("q").value.trim();
  remember(words);
  clear();
  if (!["guest", "token"].includes(state.who)) {
    if (state.token === "") return; // it is on its way, and a search with it
    if (expired()) return choose(state.who); // for a new one
  }
  if (words === "") {
    show("start", true);
    return;
  }
  const waiting = setTimeout(() => show("loading", true), 120); // no flicker for fast answers
  try {
    const query = new URLSearchParams({ q: words, type: state.type, n: state.limit });
    const answer = await call(`api/search?${query}`, own.signal);
    if (own.signal.aborted) return;
    render(answer);
  } catch (problem) {
    if (own.signal.aborted) return;
    refuse(problem);
  } finally {
    clearTimeout(waiting);
    if (running === own) show("loading", false);
  }
}

function clear() {
  for (const id of ["alert", "start", "nothing", "facets", "more", "operator", "loading"]) show(id, false);
  byId("hits").replaceChildren();
  byId("status").textContent = "";
}

function refuse(problem) {
  clear();
  byId("alert-title").textContent = problem.title || "Something is wrong with this page";
  byId("alert-text").textContent = problem.text || "Load it again.";
  byId("alert-words").textContent = problem.words || "";
  show("alert", true);
  if (problem.refused) verdict("bad");
}

function render(answer) {
  verdict("good");
  byId("status").textContent = answer.hits.length === 0 ? "No documents"
    : answer.hits.length < answer.total ? `The first ${answer.hits.length} of ${count(answer.total, "document", "documents")}`
    : count(answer.total, "document", "documents");
  show("nothing", answer.hits.length === 0);
  facets(answer);
  byId("hits").replaceChildren(...answer.hits.map(hit));
  show("more", answer.hits.length < Math.min(answer.total, mostHits));
  if (answer.operator) operator(answer.operator);
}

function hit(found) {
  const item = byId("hit-template").content.cloneNode(true);
  item.querySelector(".place").append(element("span", { class: "folder" }, found.folder), label(found.type || "document"));
  const open = item.querySelector(".open");
  open.append(...marked(found.title));
  open.addEventListener("click", () => read(found.id));
  item.querySelector(".snippet").append(...marked(found.snippet));
  if (found.reason) {
    const why = item.querySelector(".why");
    why.hidden = false;
    why.querySelector("p").textContent = found.reason;
  }
  return item;
}

function marked(parts) {
  return parts.map((part) => (part.hit ? element("mark", {}, part.text) : part.text));
}

function facets(answer) {
  const pill = (type, text, n) => {
    const button = element("button", { type: "button", "aria-pressed": String(state.type === type), "data-type": type }, text, element("b", {}, String(n)));
    button.addEventListener("click", async () => {
      state.type = type;
      state.limit = pageSize;
      await search();
      byId("facets").querySelector('[aria-pressed="true"]')?.focus();
    });
    return button;
  };
  byId("facets").replaceChildren(pill("", "All", answer.all), ...answer.facets.map((f) => pill(f.type, label(f.type), f.count)));
  show("facets", answer.facets.length > 1 || state.type !== "");
}

async function read(id) {
  const mine = turn.signal;
  try {
    const doc = await call(`api/document?id=${encodeURIComponent(id)}`, mine);
    if (mine.aborted) return;
    byId("reader-place").textContent = doc.id;
    byId("reader-title").textContent = doc.title;
    byId("reader-text").textContent = doc.text || "This document is no text.";
    byId("reader").showModal();
    byId("reader-title").focus();
    byId("reader-text").scrollTop = 0;
  } catch (refusal) {
    if (!mine.aborted) refuse(refusal);
  }
}

// ---- For operators ----

function operator(answer) {
  const rows = answer.hidden.map((found) => element("li", {},
    element("p", { class: "place" }, element("span", { class: "folder" }, found.folder), found.id),
    element("p", {}, ...marked(found.title)),
    element("p", { class: "reason" }, found.reason)));
  byId("hidden").replaceChildren(...rows);
  show("hidden-none", rows.length === 0);
  byId("matrix").replaceChildren(picture(answer.matrix), table(answer.matrix));
  show("operator", true);
}

function svg(name, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// picture draws a disc for every persona and folder, filled as far as the folder
// is visible: what nobody may see is a dash, so that colour is not all there is.
function picture(m) {
  const narrow = matchMedia("(max-width: 40rem)").matches; // then the folders' names are slanted
  const left = narrow ? 100 : 150, top = narrow ? 84 : 34, column = narrow ? 50 : 112, row = 56, radius = 20;
  const root = svg("svg", { viewBox: `0 0 ${left + column * m.folders.length} ${top + row * m.rows.length}`, "aria-hidden": "true" });
  m.folders.forEach((folder, x) => {
    const centre = left + column * (x + 0.5), y = top - 12;
    root.append(svg("text", narrow ? { x: centre + 12, y, "text-anchor": "end", transform: `rotate(40 ${centre + 12} ${y})` } : { x: centre, y, "text-anchor": "middle" }, folder));
  });
  m.rows.forEach((person, y) => {
    const middle = top + row * (y + 0.5);
    root.append(svg("line", { class: "rule", x1: 0, x2: left + column * m.folders.length, y1: top + row * y, y2: top + row * y }));
    root.append(svg("text", { x: 4, y: middle - 2 }, person.name), svg("text", { class: "sub", x: 4, y: middle + 14 }, person.groups || "no token"));
    person.visible.forEach((n, x) => {
      const centre = left + column * (x + 0.5), part = m.totals[x] ? n / m.totals[x] : 0;
      if (n === 0) {
        root.append(svg("line", { class: "none", x1: centre - 6, x2: centre + 6, y1: middle, y2: middle }));
      } else if (part === 1) {
        root.append(svg("circle", { class: "full", cx: centre, cy: middle, r: radius }), svg("text", { class: "count on", x: centre, y: middle }, String(n)));
      } else {
        const round = 2 * Math.PI * 13;
        root.append(svg("circle", { class: "ring", cx: centre, cy: middle, r: radius }),
          svg("circle", { class: "part", cx: centre, cy: middle, r: 13, "stroke-dasharray": `${round * part} ${round}`, transform: `rotate(-90 ${centre} ${middle})` }),
          svg("text", { class: "count", x: centre, y: middle }, String(n)));
      }
    });
  });
  return root;
}

// table says the same as the picture to those who do not see it.
function table(m) {
  const head = element("tr", {}, element("td", {}), ...m.folders.map((f) => element("th", { scope: "col" }, f)));
  const rows = m.rows.map((p) => element("tr", {}, element("th", { scope: "row" }, p.name), ...p.visible.map((n, x) => element("td", {}, `${n} of ${m.totals[x]}`))));
  return element("table", { class: "hidden" }, element("caption", {}, "Visible documents by persona and folder"), head, ...rows);
}

// ---- The page's own state ----

// remember keeps words and persona in the address, so that a search can be
// shared. A token never gets there.
function remember(words) {
  const query = new URLSearchParams();
  if (words !== "") query.set("q", words);
  if (state.who !== "guest" && state.who !== "token") query.set("as", state.who);
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
}

const typing = {};

// soon does something when nothing was typed into a field for a moment.
function soon(field, run) {
  clearTimeout(typing[field]);
  typing[field] = setTimeout(run, 200);
}

// restart searches anew, with a token that was pasted a moment ago, too.
function restart() {
  clearTimeout(typing.q);
  clearTimeout(typing.token);
  if (state.who === "token" && byId("token").value.trim() !== state.token) return choose("token");
  state.type = "";
  state.limit = pageSize;
  return search();
}

async function begin() {
  const asked = new URLSearchParams(location.search);
  let setup;
  try {
    setup = await call("api/setup");
  } catch (refusal) {
    return refuse(refusal);
  }
  show("operator-badge", setup.operator);
  for (const p of setup.personas) addPersona(p.name, p.groups || "no token");
  addPersona("token", "paste any");
  show("samples", setup.personas.some((p) => p.name === "mary"));

  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    restart();
  });
  byId("q").addEventListener("input", () => soon("q", restart));
  byId("token").addEventListener("input", () => soon("token", () => choose("token")));
  byId("samples").addEventListener("click", (event) => event.target.dataset.kind && sample(event.target.dataset.kind));
  byId("starters").addEventListener("click", (event) => {
    if (event.target.tagName !== "BUTTON") return;
    byId("q").value = event.target.textContent;
    byId("q").focus();
    restart();
  });
  byId("more").addEventListener("click", async () => {
    const seen = state.limit;
    state.limit = Math.min(state.limit + pageSize, mostHits);
    await search();
    byId("hits").children[seen]?.querySelector("button").focus();
  });
  byId("reader-close").addEventListener("click", () => byId("reader").close());
  byId("reader").addEventListener("click", (event) => event.target === byId("reader") && byId("reader").close());
  if (matchMedia("(max-width: 56rem)").matches) byId("inside").open = false;

  byId("q").value = asked.get("q") || "";
  const known = setup.personas.some((p) => p.name === asked.get("as"));
  await choose(known ? asked.get("as") : "guest");
  document.documentElement.dataset.ready = "yes"; // for tests in a browser
}

begin();
