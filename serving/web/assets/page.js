// Makes the page quicker; everything works without it.
"use strict";

// Filters: the list is fetched and put in its place, instead of the whole page.
async function swap(form) {
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name, value);
  const url = `${form.getAttribute("action")}?${query}`;
  const place = document.getElementById(form.dataset.swap);
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById(form.dataset.swap);
    if (!answer.ok || !found) { window.location.assign(url); return; }
    place.replaceChildren(...found.childNodes);
    history.replaceState(null, "", url);
  } catch {
    form.submit();
  } finally {
    place.removeAttribute("aria-busy");
  }
}

for (const form of document.querySelectorAll("form[data-swap]")) {
  let waiting;
  const soon = (pause) => { clearTimeout(waiting); waiting = setTimeout(() => swap(form), pause); };
  form.addEventListener("change", () => soon(0));
  form.addEventListener("input", (event) => { if (event.target.type === "search") soon(300); });
  form.addEventListener("submit", (event) => { event.preventDefault(); soon(0); });
}

// A slider and a number that say the same.
for (const slider of document.querySelectorAll("input[type=range][data-for]")) {
  const number = document.getElementById(slider.dataset.for);
  const shown = new Intl.NumberFormat(document.documentElement.lang);
  slider.closest("[hidden]").hidden = false;
  slider.addEventListener("input", () => { number.value = shown.format(slider.value); });
  number.addEventListener("input", () => { slider.value = number.value.replace(/[^0-9]/g, ""); });
}

// Commands that are copied by a button.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}
