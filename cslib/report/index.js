"use strict";
(() => {
  const body = document.querySelector("tbody");
  const rows = [...body.rows];
  const search = document.getElementById("search");
  const quarter = document.getElementById("quarter");
  const status = document.getElementById("status");
  const count = document.getElementById("count");
  const heads = [...document.querySelectorAll("th[data-sort]")];
  const texts = new Map(rows.map((row) => [row, textOf(row)]));

  function textOf(row) {
    const copy = row.cloneNode(true);
    for (const line of copy.querySelectorAll("svg")) line.remove(); // the figures of other quarters
    return copy.textContent.toLowerCase();
  }

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits =
        words.every((word) => texts.get(row).includes(word)) &&
        (!quarter.value || row.dataset.quarter === quarter.value) &&
        (!status.value || row.dataset.status === status.value);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} reports`;
    document.getElementById("nothing").hidden = shown > 0;
  }

  function sort(head) {
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const key = (row) => row.cells[head.cellIndex].dataset.key ?? "";
    const numeric = head.dataset.sort === "number";
    const compare = (one, two) =>
      numeric ? (parseFloat(one) || 0) - (parseFloat(two) || 0) : one.localeCompare(two);
    rows.sort((one, two) => compare(key(one), key(two)) * (descending ? -1 : 1));
    body.append(...rows);
  }

  for (const head of heads) head.querySelector("button").addEventListener("click", () => sort(head));
  search.addEventListener("input", show);
  for (const choice of [quarter, status]) choice.addEventListener("change", show);
  const asked = new URLSearchParams(location.hash.slice(1));
  search.value = asked.get("search") ?? "";
  for (const choice of [quarter, status]) choice.value = asked.get(choice.id) ?? "";
  const by = heads.find((head) => head.textContent.trim() === asked.get("sort"));
  if (by) sort(by);
  show();
})();
