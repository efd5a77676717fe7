// Keys, dialogs and focus of the review page. Decisions are made by the server; the forms work without this script.
"use strict";

const byId = (id) => document.getElementById(id);
const dialogOpen = () => document.querySelector("dialog[open]");

function press(id) {
  const button = byId(id);
  if (button) button.click();
}

function candidate(digit) {
  return byId("candidates")?.children[digit - 1];
}

function open(id) {
  const dialog = byId(id);
  if (!dialog) return;
  if (id === "new") {
    byId("new-form").reset();
    byId("new-error").textContent = "";
    byId("new-form").elements.name.value = byId("card-title").dataset.name ?? "";
  }
  dialog.showModal();
}

function tickMembers() {
  const all = byId("members-all");
  if (all) {
    all.click();
    byId("members").scrollIntoView({ block: "nearest" });
    return;
  }
  const similar = byId("similar-details");
  if (!similar) return;
  similar.open = true;
  similar.querySelector("input").focus();
}

function tickRows() {
  const open = rows().filter((box) => !box.closest(".done"));
  const on = open.some((box) => !box.checked);
  for (const box of open) box.checked = on;
  tell();
}

// What is ticked: by the page beforehand, or by hand, which a single key does not undo.
const boxes = () => [...document.querySelectorAll("#candidates input[name=institution]")];
const byHand = new WeakSet();

function filled(text, ...values) {
  return text.replace(/\{(\d)\}/g, (_, n) => values[n]);
}

// Rows of a paged list: how many more are ticked than when the page came.
const rows = () => [...document.querySelectorAll("#rows input[type=checkbox]")];
const flips = () => rows().reduce((sum, box) => sum + box.checked - box.defaultChecked, 0);

function toRow(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + step, 0), all.length - 1)]?.focus();
}

// Say in words what Save would save.
function tell(extra = "") {
  const will = byId("will");
  if (!will) return;
  const said = will.dataset;
  const many = said.many ? filled(said.many, Number(said.count) + flips()) : "";
  if (!said.save) {
    will.textContent = many;
    return;
  }
  const ticked = boxes().filter((box) => box.checked).map((box) => box.dataset.said);
  const also = document.querySelectorAll("#decide input[name=also]:checked").length;
  const mention = document.querySelector("#decide input[name=mention]:checked")?.value;
  const where = many ? many : mention ? said.mention : also ? filled(said.more, also) : said.this;
  const first = ticked.length ? filled(said.save, ticked.join(said.and)) + " · " + where : said.nothing + (many && " · " + many);
  will.textContent = extra ? first + " · " + extra : first;
  will.classList.toggle("nothing", !ticked.length);
}

// A search says that what was ticked beforehand is not what is meant; what was ticked by hand stays.
function untickProposed() {
  const proposed = boxes().filter((box) => box.checked && !byHand.has(box));
  for (const box of proposed) box.checked = false;
  return proposed.length ? filled(byId("will").dataset.out, proposed.map((box) => box.dataset.said).join(", ")) : "";
}

function add(box) {
  const out = untickProposed();
  byHand.add(box);
  box.checked = true;
  finishSearch(box);
  tell(out);
}

function digit(number, shift) {
  const chosen = candidate(number);
  if (!chosen) return;
  const box = chosen.querySelector("input");
  const others = boxes().filter((one) => one.checked && one !== box);
  if (shift) box.click();
  else if (others.length > 1 || others.some((one) => byHand.has(one)) || (others.length && box.checked)) {
    byHand.add(box);
    box.checked = true;
    tell(byId("will").dataset.adds);
  } else chosen.querySelector(".only").click();
}

const KEYS = {
  "0": () => press("none"),
  x: () => press("not"),
  y: () => press("model"),
  n: () => open("new"),
  "/": () => byId("q")?.focus(),
  a: () => (byId("rows") ? tickRows() : tickMembers()),
  e: () => byId("why")?.focus(),
  s: () => press("skip"),
  u: () => press("undo"),
  m: () => press(byId("whole") ? "whole" : "by-rule"),
  j: () => toRow(1),
  k: () => toRow(-1),
  ArrowLeft: () => press("page-before"),
  ArrowRight: () => press("page-next"),
  "?": () => open("help"),
  Enter: () => press("save"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || dialogOpen()) return;
  const at = event.target;
  const typing = at.matches("input:not([type=checkbox], [type=radio]), select, textarea");
  if (typing) {
    if (event.key === "Escape") at.blur();
    if (at.id !== "q") return;
    const current = document.querySelector("#found .found")?.dataset.query === at.value;
    const found = current ? document.querySelectorAll("#found button") : [];
    if (event.key === "ArrowDown" && found.length) found[0].focus();
    else if (event.key === "Enter" && found.length) found[0].click();
    else if (event.key !== "Enter") return;
    event.preventDefault();
    return;
  }
  const found = at.closest(".found");
  if (found && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const buttons = [...found.querySelectorAll("button")];
    const to = buttons.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1);
    (buttons[to] ?? byId("q")).focus();
    event.preventDefault();
    return;
  }
  const key = /^Digit([1-9])$/.exec(event.code) ?? /^Numpad([1-9])$/.exec(event.code);
  if (key && (event.shiftKey || event.key === key[1])) {
    digit(Number(key[1]), event.shiftKey);
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && at.matches("button, a, summary")) return;
  const arrow = event.key.startsWith("Arrow");
  if (arrow && !byId("page-next") && !byId("page-before")) return;
  const act = KEYS[event.key];
  if (act && (arrow || byId("card") || byId("decide") || event.key === "?")) {
    event.preventDefault();
    act();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens], [data-closes]");
  if (button?.dataset.opens) open(button.dataset.opens);
  if (event.target.closest("#existing")) {
    byId("new").close();
    byId("q").focus();
  }
  if (button?.dataset.closes) byId(button.dataset.closes).close();
});

if (matchMedia("(max-width: 63.9em)").matches) {
  for (const one of document.querySelectorAll(".facets, .filters")) one.open = false; // on a phone the list comes first
}

document.addEventListener("change", (event) => {
  const at = event.target;
  if (at.name === "institution") byHand.add(at);
  if (at.id === "members-all") {
    for (const box of document.querySelectorAll("#members input[name=also]")) box.checked = at.checked;
  }
  const all = byId("members-all");
  if (at.name === "also" && all) all.checked = !document.querySelector("#members input[name=also]:not(:checked)");
  if (at.closest("#decide")) tell();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const adds = event.target.dataset?.adds;
  const there = adds && boxes().find((box) => box.value === adds);
  if (there) {
    event.preventDefault();
    add(there);
  }
});

function finishSearch(box) {
  byId("found").replaceChildren();
  byId("q").value = "";
  box?.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (event.detail.failed) return;
  if (target.id === "candidates") {
    byId("new").close();
    const box = byId("candidates").lastElementChild?.querySelector("input");
    if (box) add(box);
  }
  if (event.detail.elt?.id === "card" || target.id === "card") {
    byId("card-title")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const dialog = dialogOpen();
  if (dialog?.id === "new") {
    const said = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    byId("new-error").textContent = said.body.textContent;
  }
});

document.addEventListener("htmx:sendError", () => {
  const message = byId("message");
  message.className = "message failed";
  message.setAttribute("role", "alert");
  message.textContent = document.body.dataset.offline;
});
