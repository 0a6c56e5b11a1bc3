// A step of a questionnaire: saves what is typed, and shows what the answers make relevant. Without this script the
// page works by its buttons. The server judges; this only sends, shows and keeps.
//
// Each question carries the mark of the answer that this page takes for the draft's. Marks go with every save: so the
// server tells what was answered elsewhere, and takes nothing for a change that its reader did not make. What came
// from elsewhere is drawn again, except where the reader is typing: there their own mark stays, and what they type is
// shown beside the other answer instead of over it.

const form = document.getElementById("questions");
const bar = document.getElementById("enregistre");
const region = document.getElementById("annonce");
const words = document.getElementById("mots").content;

const PAUSE = 3000; // after the last keystroke
const SILENCE = 10000; // between two announcements
const RETRIES = [2000, 5000, 15000, 30000];
const STORE = `navette ${form.dataset.key} ${form.dataset.step}`;
const UNSENT = new Set(["saving", "failed"]); // said again by whoever looks, not to be spoken

const known = new Map(); // question → its fields as the server has them
const drawn = new Map(); // question → the HTML last put there
const later = new Map(); // question that has the focus → its HTML, put there when the focus leaves
const held = new Set(); // questions with two answers, until one is chosen
const left = new Set(); // questions that the reader changed and left: those may show what is wrong with them
let version = Number(form.elements.version.value);
let sending = null; // what is on its way, or is to be sent again as it was
let timer = 0;
let failures = 0;
let busy = null; // the promise of the request that runs
let over = false; // nothing can be saved any more
let submitting = false;

const word = (name) => words.querySelector(`[data-word="${name}"]`);
const element = (name) => document.querySelector(`[data-question="${CSS.escape(name)}"]`);
const fieldsOf = (question) => [...question.querySelectorAll(`[name="${CSS.escape(`q.${question.dataset.question}`)}"]`)];
const questions = () => [...form.querySelectorAll("[data-question]")].filter((one) => one.querySelector("[name=asked]"));

const markOf = (question) => question.querySelector("[data-mark]");

function values(question, initial = false) {
  const found = [];
  for (const field of fieldsOf(question)) {
    if (field.type === "radio" || field.type === "checkbox") {
      if (initial ? field.defaultChecked : field.checked) found.push(field.value);
    } else if (field.tagName === "SELECT") {
      const chosen = initial ? [...field.options].find((option) => option.defaultSelected)?.value : field.value;
      if (chosen) found.push(chosen);
    } else {
      const text = initial ? field.defaultValue : field.value;
      if (text) found.push(text);
    }
  }
  return found;
}

function fill(question, wanted) {
  for (const field of fieldsOf(question)) {
    if (field.type === "radio" || field.type === "checkbox") field.checked = wanted.includes(field.value);
    else if (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === wanted[0])) field.value = wanted[0] ?? "";
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function unsaved() {
  const found = {};
  for (const question of questions()) {
    const name = question.dataset.question;
    if (question.hidden || held.has(name)) continue;
    const now = values(question);
    if (!same(now, known.get(name))) found[name] = now;
  }
  return found;
}

function marks(names) {
  const found = {};
  for (const question of questions()) {
    const name = question.dataset.question;
    if (!names || name in names) found[name] = markOf(question).value;
  }
  return found;
}

// What is not saved outlives this page: a reload after signing in finds it again, with the version and marks it was
// typed on.
function keep() {
  try {
    const fields = unsaved();
    const since = sending?.version ?? version;
    if (Object.keys(fields).length) sessionStorage.setItem(STORE, JSON.stringify({ version: since, fields, shown: marks(fields) }));
    else sessionStorage.removeItem(STORE);
  } catch {
    // A browser that stores nothing: what is typed stays in the page.
  }
}

function restore() {
  let stored = null;
  try {
    stored = JSON.parse(sessionStorage.getItem(STORE));
  } catch {
    return;
  }
  for (const [name, wanted] of Object.entries(stored?.fields ?? {})) {
    const question = element(name);
    if (question && !same(values(question), wanted)) {
      fill(question, wanted);
      markOf(question).value = stored.shown?.[name] ?? markOf(question).value;
      version = Math.min(version, stored.version);
    }
  }
}

// ---- what is said

let spoken = 0;
let waiting = null;
let speaking = 0;

function announce(text, urgent = false) {
  if (!text || (waiting?.urgent && !urgent)) return;
  waiting = { text, urgent };
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    region.textContent = waiting.text;
    waiting = null;
    spoken = Date.now();
  }, Math.max(100, spoken + SILENCE - Date.now()));
}

const place = bar.closest(".nv-saved");
let settled = { state: place.dataset.state, text: bar.textContent }; // what the bar says while nothing is unsaved

function say(name) {
  if (place.dataset.state === name) return;
  place.dataset.state = name;
  bar.replaceChildren(...word(name).cloneNode(true).childNodes);
  if (!UNSENT.has(name) || (name === "failed" && failures === 1)) announce(bar.textContent, true);
}

function settle() {
  bar.textContent = settled.text;
  place.dataset.state = settled.state;
}

function saySaved(text) {
  settled = { state: "saved", text };
  settle();
  announce(text);
}

// ---- saving

function schedule(delay) {
  clearTimeout(timer);
  timer = setTimeout(save, delay);
}

function request(batch) {
  const body = JSON.stringify({ ...batch, step: Number(form.dataset.step) });
  return fetch(form.dataset.save, {
    method: "POST",
    credentials: "same-origin",
    keepalive: body.length < 20000, // goes on when the page is left; browsers limit how much may
    headers: {
      "Content-Type": "application/json",
      "X-Requested-With": "fetch",
      "X-CSRF-Token": form.elements.csrf.value,
    },
    body,
  });
}

async function save() {
  clearTimeout(timer);
  if (busy || over || submitting) return;
  const fields = unsaved();
  if (!sending) {
    if (!Object.keys(fields).length) {
      if (place.dataset.state === "saving") settle(); // what was typed was taken back
      return;
    }
    sending = { version, fields, shown: marks() };
  }
  busy = send().finally(() => {
    busy = null;
    keep();
  });
  await busy;
  if (!sending && !over && Object.keys(unsaved()).length) schedule(PAUSE / 3);
}

async function send() {
  let response;
  let answer;
  if (!failures) say("saving");
  try {
    response = await request(sending);
    answer = await response.json();
  } catch {
    return again("failed");
  }
  if (response.ok) {
    if (answer.kind === "conflict") conflicting(answer);
    else saved(answer);
  } else if (response.status === 401) {
    again("session");
  } else if (answer.code === "csrf" && answer.csrf && answer.csrf !== form.elements.csrf.value) {
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = answer.csrf; // signed in again elsewhere
    return send();
  } else if (response.status >= 500 || response.status === 429) {
    again("failed");
  } else if (["surveys/not-open", "surveys/exempted", "surveys/already-answered"].includes(answer.code)) {
    over = true;
    say("closed");
  } else {
    over = true;
    say("refused");
  }
}

function again(name) {
  failures += 1;
  say(name);
  schedule(RETRIES[Math.min(failures, RETRIES.length) - 1]);
}

function saved(answer) {
  failures = 0;
  for (const [name, fields] of Object.entries(sending.fields)) {
    known.set(name, fields);
    element(name)?.querySelector(".nv-conflict")?.remove();
  }
  for (const question of questions()) {
    const mark = answer.shown[question.dataset.question];
    if (mark === undefined) continue;
    markOf(question).value = mark;
    drawn.delete(question.dataset.question); // it is not what was drawn any more
  }
  sending = null;
  setVersion(answer.version);
  redraw(answer.html);
  reveal(answer.visible);
  for (const question of questions()) judge(question, answer.errors[question.dataset.question] ?? "");
  if (held.size) return say("conflict");
  saySaved(answer.said);
  if (Object.keys(unsaved()).length) say("saving"); // typed meanwhile
}

function setVersion(number) {
  version = number;
  form.elements.version.value = number;
}

function conflicting(answer) {
  failures = 0;
  sending = null;
  setVersion(answer.version);
  for (const name of answer.conflicts) {
    if (!element(name) || !(name in answer.html)) continue;
    put(name, answer.html[name], values(element(name)));
    known.set(name, null); // whatever stands there is to be saved, once the reader has chosen
    held.add(name);
  }
  redraw(answer.html);
  reveal(answer.visible);
  say("conflict");
  schedule(PAUSE / 3); // the questions that are not in conflict
}

// ---- the page follows the answers

function put(name, html, mine = null) {
  const old = element(name);
  later.delete(name);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const { selectionStart, selectionEnd } = focused ?? {};
  const made = document.createElement("template");
  made.innerHTML = html;
  const question = made.content.firstElementChild;
  old.replaceWith(question);
  enhance(question);
  drawn.set(name, html);
  if (markOf(question)) known.set(name, values(question, true));
  if (mine) fill(question, mine);
  const field = focused && document.getElementById(focused.id);
  field?.focus();
  if (field && selectionStart !== null && selectionStart !== undefined) field.setSelectionRange(selectionStart, selectionEnd);
}

function redraw(pieces) {
  for (const [name, html] of Object.entries(pieces)) {
    const old = element(name);
    if (!old || held.has(name) || drawn.get(name) === html || name in unsaved()) continue;
    if (old.contains(document.activeElement)) later.set(name, html);
    else put(name, html);
  }
}

function drawLeft(question) {
  const name = question.dataset.question;
  const html = later.get(name);
  later.delete(name);
  if (html && !held.has(name) && !(name in unsaved())) put(name, html);
}

function reveal(visible) {
  let appeared = 0;
  for (const [name, shown] of Object.entries(visible)) {
    const question = element(name);
    const one = question ?? document.querySelector(`[data-section="${CSS.escape(name)}"]`);
    if (!one) continue;
    if (question && shown && one.hidden) appeared += 1;
    one.hidden = !shown;
    if (question) for (const field of one.querySelectorAll("input, select, textarea, fieldset")) field.disabled = !shown;
  }
  if (appeared === 1) announce(word("one").textContent, true);
  if (appeared > 1) announce(word("many").textContent.replace("{count}", appeared), true);
}

function judge(question, message) {
  const field = fieldsOf(question)[0];
  const place = document.getElementById(`f-q.${question.dataset.question}-messages`);
  if (!field || !place || (message && !left.has(question.dataset.question) && !place.children.length)) return;
  if (message === (place.firstElementChild?.innerHTML ?? "")) return;
  if (!message && !left.has(question.dataset.question) && same(values(question), values(question, true))) return;
  const text = word("error").cloneNode();
  text.innerHTML = message; // made and escaped by the server
  place.replaceChildren(...(message ? [text] : []));
  for (const one of fieldsOf(question)) one.toggleAttribute("aria-invalid", false);
  if (message) field.setAttribute("aria-invalid", "true");
  field.closest("[data-field]")?.classList.toggle("nv-invalid", Boolean(message));
  if (message) return;
  for (const one of [field, field.closest("[data-field]")]) one.className = one.className.replace(/ ?\bfr-[a-z-]+--error\b/g, "");
}

// ---- what only a script can do: clear a choice, search among many

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function enhance(question) {
  const clear = question.querySelector("[data-clear]");
  if (clear) clear.hidden = !values(question).length;
  const search = question.querySelector("[data-search]");
  if (!search) return;
  const select = question.querySelector("select");
  const options = select ? [...select.options] : fieldsOf(question);
  (select ?? options[0].closest(".fr-fieldset__element")).before(search);
  search.hidden = false;
  search.querySelector("input").addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = plain(event.target.value.trim());
    const label = (one) => plain(select ? one.textContent : one.labels[0].textContent);
    const found = options.filter((one) => one.value && label(one).includes(wanted));
    const shown = new Set([...found, ...options.filter((one) => !one.value || (select ? one.selected : one.checked))]);
    if (select) select.replaceChildren(...options.filter((one) => shown.has(one)));
    else for (const one of options) one.closest(".fr-fieldset__element").hidden = !shown.has(one);
    announce(word("found").textContent.replace("{count}", found.length), true);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

// ---- the start, and what the reader does

for (const question of questions()) {
  known.set(question.dataset.question, values(question, true));
  if (!question.querySelector(".nv-conflict")) continue;
  held.add(question.dataset.question);
  known.set(question.dataset.question, null);
}
restore();
keep();
for (const question of questions()) enhance(question);
if (!location.hash && !document.querySelector("[data-focus]")) document.getElementById("titre")?.focus();
if (Object.keys(unsaved()).length) schedule(0);

form.addEventListener("input", (event) => {
  const question = event.target.closest("[data-question]");
  if (!question) return;
  held.delete(question.dataset.question);
  const clear = question.querySelector("[data-clear]");
  if (clear) clear.hidden = !values(question).length;
  keep();
  if (failures) return;
  if (!held.size && Object.keys(unsaved()).length) say("saving"); // the bar never calls saved what is not
  schedule(PAUSE);
});
form.addEventListener("change", () => {
  if (!failures) schedule(100);
});
form.addEventListener("focusout", (event) => {
  const question = event.target.closest("[data-question]");
  if (!question || question.contains(event.relatedTarget)) return;
  if (!same(values(question), values(question, true))) left.add(question.dataset.question);
  drawLeft(question);
  if (!failures) schedule(100);
});
form.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-clear]");
  if (!clear) return;
  const question = clear.closest("[data-question]");
  fill(question, []);
  fieldsOf(question)[0].focus();
  fieldsOf(question)[0].dispatchEvent(new Event("input", { bubbles: true }));
  schedule(100);
});
form.addEventListener("submit", async (event) => {
  if (!busy) {
    submitting = true;
    return;
  }
  event.preventDefault(); // what is on its way first, so that this page is not in conflict with itself
  const before = new Set(held);
  await busy;
  const found = [...held].find((name) => !before.has(name));
  if (found) element(found).focus(); // two answers, of which the reader has not seen one yet
  else form.requestSubmit(event.submitter);
});

function hurry() {
  const fields = unsaved();
  if (submitting || over || busy || (!sending && !Object.keys(fields).length)) return;
  request(sending ?? { version, fields, shown: marks() }).catch(() => {}); // the page is going: nobody is left to tell
}
addEventListener("pagehide", hurry);
addEventListener("pageshow", () => {
  submitting = false;
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && failures) schedule(0);
  if (document.visibilityState === "hidden") save();
});
addEventListener("online", () => schedule(0));
addEventListener("beforeunload", (event) => {
  if (!submitting && (sending || (!over && Object.keys(unsaved()).length))) event.preventDefault();
});

// The bar says more at times: what has the focus stays above it.
const foot = bar.closest(".nv-saved");
new ResizeObserver(() => {
  document.documentElement.style.scrollPaddingBottom = `${foot.offsetHeight + 16}px`;
  const focused = document.activeElement;
  const covered = focused.getBoundingClientRect().bottom > foot.getBoundingClientRect().top;
  if (covered && form.contains(focused) && !foot.contains(focused)) focused.scrollIntoView({ block: "nearest" });
}).observe(foot);
