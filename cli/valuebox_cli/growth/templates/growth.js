"use strict";
(() => {
  document.documentElement.classList.add("scripted");

  // Figures as they are written: 1,093.00, 12 %, +5%.
  const figure = (text) => {
    const value = parseFloat(text.replace(/[,\s%+]/g, "").replace("−", "-"));
    return Number.isNaN(value) ? null : value;
  };

  const compare = (one, other) => {
    const [a, b] = [figure(one), figure(other)];
    if (a !== null && b !== null) return a - b;
    if ((a === null) !== (b === null)) return a === null ? -1 : 1;
    return one.localeCompare(other);
  };

  // A column is sorted the other way round when it is asked for again; figures from the top.
  function sort(table, column, header) {
    const isText = header.classList.contains("text");
    const before = header.getAttribute("aria-sort");
    const first = isText ? "ascending" : "descending";
    const order = before === first ? (isText ? "descending" : "ascending") : first;
    for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => row.cells[column].textContent.trim();
    const by = isText
      ? (one, other) => text(one).localeCompare(text(other), "en", { numeric: true })
      : (one, other) => compare(text(one), text(other));
    const rows = [...table.tBodies[0].rows].sort((one, other) => sign * by(one, other));
    table.tBodies[0].append(...rows);
  }

  for (const table of document.querySelectorAll(".ranked table")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      button.addEventListener("click", () => sort(table, column, header));
      header.replaceChildren(button);
    });
  }

  for (const input of document.querySelectorAll("input[data-finds]")) {
    const rows = document.querySelectorAll(`#${input.dataset.finds} tbody tr`);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
  }

  for (const select of document.querySelectorAll("select[data-shows]")) {
    const all = document.querySelectorAll(`[data-of="${select.dataset.shows}"]`);
    const show = () => {
      for (const one of all) one.hidden = one.dataset.name !== select.value;
    };
    select.addEventListener("change", show);
    show();
  }
})();
