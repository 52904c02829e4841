// Each chart stands in the page as a static drawing; where scripts run, it is drawn again at the width there is,
// with a note for every mark. The static drawing stays if that fails.
"use strict";
for (const figure of document.querySelectorAll("figure.chart")) {
  const drawing = figure.querySelector(".drawing");
  const still = drawing.firstElementChild;
  const live = document.createElement("div");
  live.setAttribute("aria-hidden", "true");
  drawing.append(live);
  const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  spec.width = Math.max(220, Math.min(640, drawing.clientWidth));
  if (drawing.clientWidth < 480) spec.config.legend.columns = 1;
  spec.autosize = { type: "fit-x", contains: "padding" };
  vegaEmbed(live, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: "custom" } })
    .then(() => { still.remove(); figure.classList.add("drawn"); })
    .catch((error) => { live.remove(); console.warn("chart stays static:", error); });
}
