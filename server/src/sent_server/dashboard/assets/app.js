// Makes pages faster and more convenient. Every page works without it.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1200);
});

// The zone of the browser, once, for a person who has none.
const zoneForm = document.getElementById("zone");
if (zoneForm) {
  zoneForm.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  fetch(zoneForm.action, { method: "POST", body: new URLSearchParams(new FormData(zoneForm)), redirect: "manual" });
}

// A chat shows its newest message, unless the person has scrolled up.
const toNewest = () => {
  const chat = document.getElementById("chat");
  if (chat) chat.scrollTop = chat.scrollHeight;
};
let atNewest = true;
document.addEventListener("scroll", (event) => {
  const chat = event.target;
  if (chat.id === "chat") atNewest = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40;
}, true);
new MutationObserver(() => atNewest && toNewest()).observe(document.body, { childList: true, subtree: true });
toNewest();
