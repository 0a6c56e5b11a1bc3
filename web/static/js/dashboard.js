// The charts of a dashboard: fetched once, drawn when one comes near, redrawn when the colours change. Sentences and
// tables are there before and without them; a click on a bar presses the button of the same row.

const root = document.querySelector(".nv-dashboard");
const places = [...root.querySelectorAll("[data-chart]")];
const waiting = new Set(places);
const drawn = new Map();
const CONFIG = { displayModeBar: false, doubleClick: false, responsive: true, scrollZoom: false, showTips: false };

const NARROW = 480;

let loading = null;
let figures = null;

function load() {
  loading ??= Promise.all([fetched(), document.documentElement.lang === "fr" ? import("./plotly-fr.js") : import("./plotly.js")]);
  return loading;
}

async function fetched() {
  const answer = await fetch(root.dataset.charts, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) {
    throw new Error(answer.statusText);
  }
  figures = (await answer.json()).figures;
}

function colours() {
  const style = getComputedStyle(root);
  return {
    ink: style.getPropertyValue("--nv-chart-ink").trim(),
    ground: style.getPropertyValue("--nv-chart-ground").trim(),
    grid: style.getPropertyValue("--nv-chart-grid").trim(),
  };
}

// The figure in the colours of the page (what means something keeps its own), with room for its texts where it is narrow.
function coloured(figure, place) {
  const { ink, ground, grid } = colours();
  const { data, layout } = structuredClone(figure);
  const base = layout.template.layout;
  base.font.color = ink;
  base.paper_bgcolor = base.plot_bgcolor = "rgba(0, 0, 0, 0)";
  base.xaxis.gridcolor = base.yaxis.gridcolor = grid;
  base.hoverlabel = { ...base.hoverlabel, bgcolor: ground, bordercolor: ink, font: { color: ink } };
  for (const trace of data.filter((one) => one.meta === "everybody")) {
    trace.marker.line.color = ink;
  }
  if (place.clientWidth < NARROW) {
    thin(layout);
  }
  return [data, { ...layout, autosize: true }];
}

function thin({ xaxis }) {
  if (xaxis.type === "date") {
    xaxis.tickvals = xaxis.tickvals.filter((_, index) => index % 2 === 0);
    xaxis.ticktext = xaxis.ticktext.filter((_, index) => index % 2 === 0);
  } else if (xaxis.range && xaxis.range[0] === 0) {
    xaxis.range[1] *= 1.25;
  }
}

function draw(place) {
  waiting.delete(place);
  const figure = figures[place.dataset.chart];
  if (!figure) {
    place.hidden = true;
    return;
  }
  const [data, layout] = coloured(figure, place);
  window.Plotly.newPlot(place, data, layout, { ...CONFIG, locale: document.documentElement.lang });
  drawn.set(place, figure);
  place.classList.add("nv-chart--drawn");
  place.on("plotly_click", ({ points: [point] }) => press(place, String(point.customdata ?? point.x)));
}

function press(place, key) {
  const row = place.closest(".nv-figure").querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  row?.querySelector("button")?.click();
}

function redraw() {
  for (const [place, figure] of drawn) {
    const [data, layout] = coloured(figure, place);
    window.Plotly.react(place, data, layout);
  }
}

function fail() {
  for (const place of waiting) {
    place.removeAttribute("role");
    place.removeAttribute("aria-labelledby");
    place.classList.add("nv-chart--failed");
    place.textContent = root.dataset.failed;
  }
  waiting.clear();
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        watcher.unobserve(target);
        load().then(() => draw(target), fail);
      }
    }
  },
  { rootMargin: "400px 0px" },
);

for (const place of places) {
  place.hidden = false;
  watcher.observe(place);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-fr-theme", "data-fr-scheme"] });
// Whoever prints without having scrolled gets the charts too: what draws them is there by then.
(window.requestIdleCallback ?? setTimeout)(() => load().catch(() => {}));
addEventListener("beforeprint", () => figures && window.Plotly && [...waiting].forEach(draw));

// The bar of filters stays on top: what takes the focus is scrolled to below it.
const bar = root.querySelector(".nv-dashboard__filters--on");
if (bar) {
  new ResizeObserver(() => {
    const height = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    document.documentElement.style.scrollPaddingTop = `${height + 16}px`;
  }).observe(bar);
}
