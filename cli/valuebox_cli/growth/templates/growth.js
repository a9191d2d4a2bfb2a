(() => {
  // What is not known comes last of all figures.
  const figure = (cell) => parseFloat(cell.dataset.value ?? "-Infinity");

  // A column is sorted the other way round when it is asked for again; figures from the top.
  function sort(table, column, header) {
    const isText = header.classList.contains("text");
    const before = header.getAttribute("aria-sort");
    const first = isText ? "ascending" : "descending";
    const order = before === first ? (isText ? "descending" : "ascending") : first;
    for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const cell = (row) => row.cells[column];
    const by = isText
      ? (one, other) => cell(one).textContent.localeCompare(cell(other).textContent, "en", { numeric: true })
      : (one, other) => figure(cell(one)) - figure(cell(other)) || 0;
    const rows = [...table.tBodies[0].rows].sort((one, other) => sign * by(one, other));
    table.tBodies[0].append(...rows);
    table.dispatchEvent(new Event("sorted", { bubbles: true }));
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

  // Of a long table the first rows are shown, and said how many there are; paper has all of them.
  const FIRST = matchMedia("(max-width: 40rem)").matches ? 8 : 24;
  for (const box of document.querySelectorAll(".ranked")) {
    const body = box.querySelector("tbody");
    const said = document.createElement("p");
    const button = document.createElement("button");
    const input = document.querySelector(`input[data-finds="${box.id}"]`);
    let all = false;
    const show = () => {
      const wanted = input ? input.value.trim().toLowerCase() : "";
      const found = [...body.rows].filter((row) => {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        return !row.hidden;
      });
      found.forEach((row, place) => row.classList.toggle("later", !all && place >= FIRST));
      said.hidden = all || found.length <= FIRST;
      said.firstChild.data = `${FIRST} of ${found.length} shown. `;
    };
    said.className = "more-rows";
    said.append("", button);
    button.type = "button";
    button.className = "link";
    button.textContent = "Show all";
    button.addEventListener("click", () => { all = true; show(); });
    box.append(said);
    box.addEventListener("sorted", show);
    input?.addEventListener("input", show);
    show();
  }
})();
