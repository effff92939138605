"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const risky = document.getElementById("risky");
  const groups = [...document.querySelectorAll(".group")].map((element) => ({
    element,
    count: element.querySelector(".count"),
    // Texts are read once; a search then touches the page only where a row appears or disappears.
    rows: [...element.querySelectorAll(".change")].map((row) => ({ row, text: null, visible: true })),
  }));
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
  const chosen = (name) => {
    const all = boxes(name);
    return all.length ? new Set(all.filter((box) => box.checked).map((box) => box.value)) : null;
  };
  const textOf = (entry) => (entry.text ??= entry.row.textContent.replace(/\s+/g, " ").toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = chosen("action");
    const kinds = chosen("kind");
    const onlyRisky = risky !== null && risky.checked;
    let sum = 0;
    for (const group of groups) {
      let count = 0;
      for (const entry of group.rows) {
        const data = entry.row.dataset;
        const visible =
          actions.has(data.action) &&
          (kinds === null || kinds.has(data.kind)) &&
          (!onlyRisky || "risk" in data) &&
          words.every((word) => textOf(entry).includes(word));
        if (visible !== entry.visible) {
          entry.row.hidden = !visible;
          entry.visible = visible;
        }
        if (visible) count += 1;
      }
      group.element.hidden = count === 0;
      group.count.textContent = count === group.rows.length ? `${count}` : `${count} of ${group.rows.length}`;
      sum += count;
    }
    nothing.hidden = sum !== 0;
    shown.textContent = sum === total ? `${total}` : `${sum} of ${total}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", () => {
    form.reset();
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && typing) {
      search.value = "";
      filter();
    }
  });
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  form.hidden = false;
  // A reloaded page keeps what was typed.
  filter();
})();
