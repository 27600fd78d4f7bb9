"use strict";
document.documentElement.classList.add("scripted");
const menu = document.getElementById("menu");
if (menu) {
  const operations = document.getElementById("operations");
  const show = (open) => {
    operations.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", String(open));
  };
  menu.addEventListener("click", () => show(!operations.classList.contains("open")));
  operations.addEventListener("click", (event) => { if (event.target.closest("a")) show(false); });
}
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}
const filter = document.getElementById("filter");
if (filter) {
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/);
    for (const item of document.querySelectorAll("[data-text]")) {
      const text = item.dataset.text.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
  });
}
