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
  }
  dialog.showModal();
}

function tickSimilar() {
  const all = byId("similar-all");
  if (!all) return;
  byId("similar-details").open = true;
  all.click();
}

const KEYS = {
  "0": () => press("none"),
  x: () => press("not"),
  n: () => open("new"),
  "/": () => byId("q")?.focus(),
  a: tickSimilar,
  e: () => byId("why")?.focus(),
  s: () => press("skip"),
  u: () => press("undo"),
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
    const found = document.querySelectorAll("#found button");
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
  const digit = /^Digit([1-9])$/.exec(event.code) ?? /^Numpad([1-9])$/.exec(event.code);
  if (digit && (event.shiftKey || event.key === digit[1])) {
    const chosen = candidate(Number(digit[1]));
    if (chosen) chosen.querySelector(event.shiftKey ? "input" : ".only").click();
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && at.matches("button, a, summary")) return;
  const act = KEYS[event.key];
  if (act && (byId("card") || event.key === "?")) {
    event.preventDefault();
    act();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-opens], [data-closes]");
  if (button?.dataset.opens) open(button.dataset.opens);
  if (button?.dataset.closes) byId(button.dataset.closes).close();
});

document.addEventListener("change", (event) => {
  if (event.target.id === "similar-all") {
    for (const box of document.querySelectorAll("#similar input[name=also]")) box.checked = event.target.checked;
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const adds = event.target.dataset?.adds;
  const there = adds && document.querySelector(`#candidates input[value="${CSS.escape(adds)}"]`);
  if (there) {
    there.checked = true;
    event.preventDefault();
    finishSearch(there);
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
    finishSearch(byId("candidates").lastElementChild?.querySelector("input"));
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
