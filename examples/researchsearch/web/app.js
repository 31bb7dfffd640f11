// The page of researchsearch. The server searches as everybody of the pool does
// and says what became of each document and field; the page draws it. Text from
// documents is put into the page as text, never as markup.

const byId = (id) => document.getElementById(id);
let answer = null; // of the query on the page
let running = null; // the AbortController of the query under way

function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

// words are what a picture says, for those who do not see it.
const words = (text) => element("span", { class: "words" }, text);

// breakable may break before capitals, and behind _ and /.
function breakable(text) {
  return text.split(/(?<=[a-z])(?=[A-Z])|(?<=[_/])/).flatMap((part, i) => (i === 0 ? [part] : [element("wbr"), part]));
}

// ---- The query ----

async function ask() {
  running?.abort();
  const mine = (running = new AbortController());
  const index = byId("index").value, query = byId("query").value;
  for (const b of document.querySelectorAll(".starters button")) {
    b.setAttribute("aria-pressed", String(b.dataset.index === index && b.dataset.query === query));
  }
  const parameters = new URLSearchParams({ index, query });
  let response, body;
  try {
    response = await fetch(`compare?${parameters}`, { signal: mine.signal, cache: "no-store" });
    body = await response.json();
  } catch (err) {
    if (mine.signal.aborted) return;
    response = { ok: false };
    body = { error: { reason: "The server does not answer. Is researchsearch still running?" } };
  }
  if (mine.signal.aborted) return;
  history.replaceState(null, "", `?${parameters}`);
  answer = response.ok ? body : null;
  byId("alert").hidden = response.ok;
  byId("alert-text").textContent = response.ok ? "" : body.error?.reason ?? "The server answers nothing that can be read.";
  draw();
}

// ---- Drawing ----

function draw() {
  for (const id of ["answer", "numbers", "document"]) byId(id).hidden = true;
  byId("status").textContent = "";
  if (!answer) return;
  byId("answer").hidden = false;
  byId("status").textContent = `${count(answer.documents.length, "document is", "documents are")} found by somebody. ` +
    answer.people.map((p) => `${p.name}: ${p.status === 403 ? "refused" : p.total}`).join("; ") + ".";
  head("overview", "Document");
  rows("overview", answer.documents, documentHead, overviewCell);
  byId("nothing").hidden = answer.documents.length > 0;
  drawNumbers();
  if (answer.documents.length > 0) open(answer.documents[0], false);
}

function head(table, first) {
  const people = answer.people.map((p) => {
    const denied = p.status === 403;
    const badge = denied ? "403" : count(p.total, "document", "documents");
    return element("th", { scope: "col", title: p.roles.join("\n") },
      element("span", { class: "name" }, ...breakable(p.name)),
      element("span", { class: "group" }, ...breakable(p.group)),
      element("span", { class: `count ${denied ? "denied" : p.total === 0 ? "none" : ""}` }, badge));
  });
  byId(table).tHead.rows[0].replaceChildren(element("th", { scope: "col" }, first), ...people);
}

// rows fills a table: a head and a cell for each person in each row. Of whom there
// is but one thing to say, whole makes one cell, as high as all rows.
function rows(table, list, rowHead, cell, whole = refused) {
  const all = list.map((item, i) => {
    const row = element("tr", {}, rowHead(item));
    for (const person of answer.people) {
      const high = whole(person);
      if (!high) row.append(cell(person, item));
      if (!high || i > 0) continue;
      high.rowSpan = list.length;
      row.append(high);
    }
    return row;
  });
  byId(table).tBodies[0].replaceChildren(...all);
}

function refused(person) {
  if (person.status !== 403) return null;
  const reason = JSON.parse(person.denial).error.reason.replace(/ and User .*/, "");
  return element("td", { class: "refused" }, element("div", {}, element("b", {}, "403"), ...breakable(reason)));
}

function documentHead(doc) {
  const button = element("button", { type: "button", "aria-pressed": "false", "data-id": doc.id, title: doc.title }, doc.title);
  button.addEventListener("click", () => open(doc, true));
  return element("th", { scope: "row" }, button);
}

function overviewCell(person, doc) {
  const cell = person.cells[doc.id];
  if (cell.state === "hidden") return element("td", { class: "hidden-row", title: cell.why }, element("span", {}, "hidden"));
  if (cell.state !== "found") return element("td", { class: "missed", title: cell.why }, unfound(cell));
  const strip = element("span", { class: "strip", "aria-hidden": "true" });
  const counts = { shown: 0, masked: 0, hidden: 0 };
  for (const f of cell.fields) {
    counts[f.state]++;
    strip.append(element("i", { class: `tick ${fieldClass(f)}`, title: `${f.path}: ${f.why}` }));
  }
  return element("td", { class: "found" }, strip,
    words(`${counts.shown} of ${count(cell.fields.length, "field", "fields")} shown, ${counts.masked} masked, ${counts.hidden} hidden`));
}

// unfound is the state of a document that nothing hides.
const unfound = (cell) => (cell.state === "beyond" ? "on another page" : "not found");

const fieldClass = (f) => (f.state === "hidden" ? "hidden-field" : f.state);

// ---- One document ----

function open(doc, go) {
  for (const b of document.querySelectorAll("#overview th button")) {
    b.setAttribute("aria-pressed", String(b.dataset.id === doc.id));
  }
  byId("document").hidden = false;
  byId("document-title").textContent = doc.title;
  byId("document-id").textContent = `${doc.id}, field by field`;
  head("fields", "Field");
  const some = answer.people.map((p) => p.cells[doc.id]).find((cell) => cell?.state === "found");
  rows("fields", some.fields.map((f) => f.path), (path) => element("th", { scope: "row" }, path), (person, path) => fieldCell(person.cells[doc.id], path),
    (person) => refused(person) ?? unseen(person.cells[doc.id]));
  if (go) {
    byId("document-title").focus({ preventScroll: true });
    byId("document").scrollIntoView({ block: "start" });
  }
}

// unseen is the cell of a document that somebody does not find.
function unseen(cell) {
  if (cell.state === "found") return null;
  const hidden = cell.state === "hidden";
  return element("td", { class: hidden ? "hidden-row" : "missed" },
    element("span", { class: "state" }, hidden ? "document hidden" : unfound(cell)),
    element("span", { class: "why" }, hidden ? `no rule admits it: ${cell.why}` : cell.why));
}

function fieldCell(cell, path) {
  const f = cell.fields.find((f) => f.path === path);
  const td = element("td", { class: fieldClass(f) });
  if (f.state !== "shown") td.append(element("span", { class: "state" }, f.state));
  if (f.value !== "") td.append(element("span", { class: "value" }, f.value));
  if (f.state !== "shown") td.append(element("span", { class: "why" }, f.why.replace(/^(hidden|strings masked) by /, "")));
  return td;
}

// ---- Aggregations ----

function drawNumbers() {
  const lists = answer.people.map((p) => flat(p.aggregations ?? {}));
  const names = [...new Set(lists.flatMap((m) => [...m.keys()]))].sort();
  byId("numbers").hidden = names.length === 0;
  if (names.length === 0) return;
  head("aggregations", "Aggregation");
  rows("aggregations", names, (name) => element("th", { scope: "row" }, name),
    (person, name) => element("td", {}, String(lists[answer.people.indexOf(person)].get(name) ?? "–")));
}

// flat has one line for each number: by name, and by the keys of buckets.
function flat(aggregations, prefix = "", into = new Map()) {
  for (const [name, a] of Object.entries(aggregations)) {
    if (a === null || typeof a !== "object") continue;
    if (!a.buckets) {
      into.set(prefix + name, a.value);
      continue;
    }
    for (const bucket of a.buckets) {
      const at = `${prefix}${name}: ${bucket.key_as_string?.slice(0, 10) ?? bucket.key}`;
      into.set(at, bucket.doc_count);
      flat(bucket, `${at}, `, into);
    }
  }
  return into;
}

// ---- Start ----

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
for (const b of document.querySelectorAll(".starters button")) {
  b.addEventListener("click", () => {
    byId("index").value = b.dataset.index;
    byId("query").value = b.dataset.query;
    ask();
  });
}
const asked = new URLSearchParams(location.search);
if (asked.has("index") && asked.has("query")) {
  byId("index").value = asked.get("index");
  byId("query").value = asked.get("query");
}
await ask();
document.documentElement.dataset.ready = "yes";
