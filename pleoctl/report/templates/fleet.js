"use strict";
(() => {
  const table = document.getElementById("companies");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const key = (row, column) => row.cells[column].dataset.key;
  const compare = (one, other) => {
    const numbers = [Number(one), Number(other)];
    const both = one !== "" && other !== "" && numbers.every((number) => !Number.isNaN(number));
    return both ? numbers[0] - numbers[1] : one.localeCompare(other);
  };
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows].sort((one, other) => compare(key(one, column), key(other, column)) * (up ? 1 : -1));
      body.append(...rows);
    });
  });
  const search = document.getElementById("search");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  };
  search.addEventListener("input", filter);
  filter();
})();
