// Makes the page quicker; everything works without it.
"use strict";

// What stands outside the list and follows its address: the list's place, the languages.
function take(page, place) {
  place.replaceChildren(...page.getElementById(place.id).childNodes);
  const now = document.querySelectorAll("[data-follow]"), next = page.querySelectorAll("[data-follow]");
  now.forEach((part, k) => { if (next[k]) part.replaceChildren(...next[k].childNodes); });
}

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
    if (!answer.ok || !page.getElementById(place.id)) { window.location.assign(url); return; }
    take(page, place);
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

// Choices that need no button.
for (const select of document.querySelectorAll("select[data-go]")) select.addEventListener("change", () => select.form.submit());

// What a word means is put away with Escape, until the next one is looked at.
document.addEventListener("keydown", (event) => { if (event.key === "Escape") document.body.classList.add("no-tips"); });
for (const kind of ["focusin", "pointerover"]) document.addEventListener(kind, (event) => { if (event.target.closest?.(".tipped")) document.body.classList.remove("no-tips"); });

// Keys: / searches; j and k go from account to account, and Enter opens as everywhere.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    (document.getElementById("f-q") ?? document.getElementById("find"))?.focus();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll("[data-keys] a.account")];
    const at = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : at < 0 ? 1 : -1)))]?.focus();
  }
});

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

// A picture as PNG, twice as large, drawn from the SVG.
for (const button of document.querySelectorAll("button[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const picture = new Image();
    picture.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      canvas.width = 2 * picture.width; canvas.height = 2 * picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob); link.download = button.dataset.name; link.click();
      });
    });
    picture.src = button.dataset.png;
  });
}
