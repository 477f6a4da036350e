// Sorts a table by the column whose head is pressed, as its cells say in data-sort. Reads and loads nothing else.
for (const table of document.querySelectorAll("table")) {
  if (!table.querySelector("[data-sort]")) continue;
  const body = table.tBodies[0];
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b, down) => {
    if (a === "" || b === "") return (a === "") - (b === ""); // empty cells last, whichever way
    return down * (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
  };
  table.querySelectorAll("thead tr:last-child th").forEach((head, column) => {
    head.tabIndex = 0;
    head.setAttribute("role", "button");
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      const rows = [...body.rows].sort((a, b) => compare(key(a, column), key(b, column), down));
      rows.forEach((row) => body.append(row));
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort();
    });
  });
}
