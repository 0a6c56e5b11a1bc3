/* The audience of a survey: the tree of territories ticks together, the total follows, communities can be searched.
   Without this script every box works by itself, and a button counts. */

const form = document.querySelector("form[data-count]");
const total = document.getElementById("total");

/** What a box stands for: a région's for its départements, France's for everything. Ticks go down; they never go up,
    since a région has services of its own that its départements are not. */
function below(box) {
  const list = box.closest("li").querySelector("ul");
  return list ? [...list.querySelectorAll("input[name=territoire]")] : [];
}

function show() {
  for (const region of [...form.querySelectorAll("li[data-code] .nv-tree__region > .nv-box input"), form.querySelector("#t-FR")]) {
    const boxes = below(region);
    const ticked = boxes.filter((box) => box.checked).length;
    region.checked &&= ticked === boxes.length;
    region.indeterminate = ticked > 0 && !region.checked;
  }
}

function spread(box) {
  for (const inner of below(box)) inner.checked = box.checked;
  show();
}

for (const box of form.querySelectorAll("input[name=territoire]:checked")) {
  for (const inner of below(box)) inner.checked = true;
}
show();

const recount = form.querySelector("[data-recount]");
let waiting = 0;
let asked = 0;

/** Ask how many the ticks come to. Where that fails (no network, a session that ended) the button is there again. */
async function count() {
  const mine = ++asked;
  const headers = { "X-Requested-With": "fetch", "X-CSRF-Token": form.elements.csrf.value };
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.count, { method: "POST", headers, body }).catch(() => null);
  recount.hidden = Boolean(answer?.ok);
  if (answer?.ok && mine === asked) total.textContent = (await answer.json()).sentence;
}

form.addEventListener("change", (event) => {
  if (event.target.name === "territoire") spread(event.target);
  clearTimeout(waiting);
  waiting = setTimeout(count, 250);
});

recount.hidden = true;

for (const search of document.querySelectorAll("[data-search]")) {
  const boxes = [...document.getElementById(search.dataset.search).children];
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  search.hidden = false;
  search.querySelector("input").addEventListener("input", (event) => {
    const wanted = plain(event.target.value.trim());
    for (const box of boxes) box.hidden = !plain(box.textContent).includes(wanted) && !box.querySelector("input").checked;
  });
  search.querySelector("input").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it searches already, and is no act of the form
  });
}
