// Each chart stands in the page as a static drawing; where scripts run, it is drawn again as the reader comes near it, at
// the width there is and with a note for every mark. The static drawing stays if that fails.
"use strict";
const draw = (figure) => {
  const drawing = figure.querySelector(".drawing");
  const still = drawing.firstElementChild;
  const live = document.createElement("div");
  live.setAttribute("aria-hidden", "true");
  drawing.append(live);
  const spec = JSON.parse(document.getElementById(figure.dataset.spec).textContent);
  spec.width = Math.max(220, Math.min(640, drawing.clientWidth));
  if (drawing.clientWidth < 480) spec.config.legend.columns = 1;
  spec.autosize = { type: "fit-x", contains: "padding" };
  vegaEmbed(live, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: "custom" } })
    .then(() => { still.remove(); figure.classList.add("drawn"); })
    .catch((error) => { live.remove(); console.warn("chart stays static:", error); });
};
const watch = new IntersectionObserver((seen) => {
  for (const { target } of seen.filter((one) => one.isIntersecting)) {
    watch.unobserve(target);
    draw(target);
  }
}, { rootMargin: "800px 0px" });
for (const figure of document.querySelectorAll("figure.chart")) watch.observe(figure);
