// Tables in cells tagged `sortable` get a button in each head cell, which sorts, and a field that
// filters. Without this script they are plain tables, in the order in which they were made.
(() => {
  const MINUS = /[−–]/g, SPACES = /[\s\u00a0\u202f]/g;

  /** What a cell sorts by: its first number, or its text. */
  const key = (row, column) => {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text.replace(MINUS, "-").replace(SPACES, "").replace(/^</, ""));
    return { text, number };
  };

  /** Ascending; `numeric` where every cell that is not empty starts with a number. */
  const compare = (a, b, numeric) =>
    (numeric ? a.number - b.number : a.text.localeCompare(b.text, "en", { numeric: true }));

  function sort(table, column, direction) {
    const body = table.tBodies[0], rows = [...body.rows].map((row) => ({ row, ...key(row, column) }));
    const full = rows.filter(({ text }) => text);
    const numeric = full.every(({ number }) => !Number.isNaN(number));
    full.sort((a, b) => direction * compare(a, b, numeric));
    body.append(...full.map(({ row }) => row), ...rows.filter(({ text }) => !text).map(({ row }) => row));
    [...table.tHead.rows[0].cells].forEach((cell, n) => {
      if (n === column) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  }

  function addButtons(table) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent.trim() || "method";
      button.addEventListener("click", () =>
        sort(table, column, cell.getAttribute("aria-sort") === "ascending" ? -1 : 1));
      cell.replaceChildren(button);
      cell.scope = "col";
    });
  }

  function addFilter(table, box) {
    const rows = [...table.tBodies[0].rows];
    const label = document.createElement("label"), field = document.createElement("input");
    const count = document.createElement("output");
    field.type = "search";
    label.append("Only rows with ", field);
    const tell = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} rows`;
    };
    field.addEventListener("input", tell);
    tell();
    const tools = document.createElement("div");
    tools.className = "table-tools";
    tools.append(label, count);
    box.before(tools);
  }

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".cell.tag_sortable table.dataframe").forEach((table) => {
      addButtons(table);
      addFilter(table, table.closest(".text_html") ?? table);
    });
  });
})();
