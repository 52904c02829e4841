// Each chart stands in the page as a static drawing; where scripts run, it is drawn again at the width there is,
// with a note for every mark. The original stays if that fails.
"use strict";
for (const figure of document.querySelectorAll("figure.chart")) {
  const drawing = figure.querySelector(".drawing");
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const live = document.createElement("div");
  live.className = "drawing live";
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", drawing.getAttribute("aria-label"));
  drawing.after(live);
  spec.width = Math.max(220, Math.min(640, live.clientWidth));
  spec.autosize = { type: "fit-x", contains: "padding" };
  vegaEmbed(live, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: "custom" } })
    .then(() => { drawing.remove(); figure.classList.add("drawn"); })
    .catch((error) => { live.remove(); console.warn("chart stays static:", error); });
}
