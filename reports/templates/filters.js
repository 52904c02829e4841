// The lines of the summary that a reader asks for, and their sections: what is asked stands in the address, so that it can be
// linked. A link to a claim lands on it even where a filter passes it over. Without scripts everything is there.
"use strict";
{
  const bar = document.querySelector(".filters");
  const lines = [...document.querySelectorAll("tr.line")];
  const fields = [...bar.querySelectorAll("input, select")];
  const whys = [...document.querySelectorAll("details.why")];
  const opener = bar.querySelector("[name=open]");
  const sectionOf = (line) => document.getElementById(line.dataset.claim);
  const valuesOf = (line, name) => line.dataset[name].split("|").filter(Boolean);

  const offer = (select) => {
    const values = [...new Set(lines.flatMap((line) => valuesOf(line, select.name)))];
    for (const value of values) select.add(new Option(value, value));
    select.parentElement.hidden = values.length < (select.name === "marked" ? 1 : 2);
  };

  const matches = (line, { name, value }) => {
    if (name !== "text") return !value || valuesOf(line, name).includes(value);
    const said = line.textContent.toLowerCase();
    return value.toLowerCase().split(/\s+/).every((word) => said.includes(word));
  };

  const passOver = (element, passed) => element?.classList.toggle("passed-over", passed);

  const filter = () => {
    for (const line of lines) {
      const passed = !fields.every((field) => matches(line, field));
      passOver(line, passed);
      passOver(sectionOf(line), passed);
    }
    for (const whole of document.querySelectorAll("table.claims tbody, table.claims")) {
      passOver(whole, !whole.querySelector("tr.line:not(.passed-over)"));
    }
    const shown = lines.filter((line) => !line.classList.contains("passed-over")).length;
    bar.querySelector("[role=status]").textContent = `${shown} of ${lines.length} claims shown`;
    bar.querySelector("[name=clear]").disabled = fields.every((field) => !field.value);
  };

  const remember = () => {
    const asked = new URLSearchParams(location.search);
    for (const { name, value } of fields) value ? asked.set(name, value) : asked.delete(name);
    const query = asked.size ? `?${asked}` : "";
    try {
      history.replaceState(null, "", `${location.pathname}${query}${location.hash}`);
    } catch { /* a page without an address of its own, as in a preview: the filter still works */ }
  };

  const recall = () => {
    const asked = new URLSearchParams(location.search);
    for (const field of fields) {
      field.value = asked.get(field.name) ?? "";
      if (field.selectedIndex === -1) field.value = "";
    }
  };

  const reveal = (fragment) => {
    const target = document.getElementById(fragment.slice(1));
    for (let at = target; at; at = at.parentElement) {
      passOver(at, false);
      if (at.tagName === "DETAILS") at.open = true;
    }
    target?.scrollIntoView();
  };

  const open = (all) => {
    for (const why of whys) why.open = all;
    opener.setAttribute("aria-pressed", all);
  };

  fields.filter((field) => field.tagName === "SELECT").forEach(offer);
  recall();
  filter();
  bar.hidden = !lines.length;
  bar.addEventListener("input", () => { filter(); remember(); });
  bar.querySelector("[name=clear]").addEventListener("click", () => {
    for (const field of fields) field.value = "";
    filter();
    remember();
    fields[0].focus();
  });
  opener.addEventListener("click", () => open(opener.getAttribute("aria-pressed") !== "true"));
  addEventListener("hashchange", () => reveal(location.hash));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link?.hash === location.hash) reveal(link.hash);
  });
  if (location.hash) reveal(location.hash);

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
}
