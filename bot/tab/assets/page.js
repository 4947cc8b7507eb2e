// What the page does in the browser: it learns who is looking, asks for a report of use, and shows it.
// In Teams a token says who that is; it is asked for anew each time and goes into a header, never into an address.
"use strict";

const main = document.querySelector("main");
const root = document.documentElement;
let authorise = null; // returns the header that says who is looking
let language = navigator.language;

function show(sentence) {
  const line = document.createElement("p");
  line.className = "refusal";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  main.replaceChildren(line);
}

function dress(theme) {
  root.dataset.theme = theme;
}

function load(source) {
  return new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = loaded;
    script.onerror = failed;
    document.head.append(script);
  });
}

// On the machine where Attune is tried, `attune up` prints an address per person; what follows # stays in the browser.
function byAddress() {
  const proof = decodeURIComponent(location.hash.slice(1));
  return async () => `Page ${proof}`;
}

async function byTeams() {
  await load("/tab/teams.js");
  const { app, authentication } = window.microsoftTeams;
  await app.initialize();
  const context = await app.getContext();
  dress(context.app.theme);
  app.registerOnThemeChangeHandler(dress);
  language = context.app.locale;
  root.lang = language.split("-")[0];
  return async () => `Bearer ${await authentication.getAuthToken()}`;
}

async function ask(path, { agent = "", days = "" }) {
  const asked = new URLSearchParams();
  if (agent) asked.set("agent", agent);
  if (days) asked.set("days", days);
  const authorization = await authorise().catch(() => null);
  if (authorization === null) {
    show(main.dataset.unsigned);
    return null;
  }
  const headers = { Authorization: authorization, "Accept-Language": language };
  return fetch(`${path}?${asked}`, { headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
}

async function look(wanted, { isFirst = false } = {}) {
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await ask("/tab/usage", wanted);
    if (answer === null) return;
    if (answer.status >= 500) throw new Error(answer.statusText);
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    main.replaceChildren(...parsed.body.childNodes);
    if (!isFirst) main.querySelector("h1").focus();
  } catch {
    show(main.dataset.failed);
  } finally {
    main.removeAttribute("aria-busy");
  }
}

async function save(wanted) {
  try {
    const answer = await ask(`/tab/usage/${wanted.of}.csv`, wanted);
    if (answer === null) return;
    if (!answer.ok) throw new Error(answer.statusText);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = answer.headers.get("Content-Disposition").match(/filename="([^"]+)"/)[1];
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch {
    show(main.dataset.failed);
  }
}

main.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.of) save(button.dataset);
  else look(button.dataset);
});

(async () => {
  try {
    authorise = location.hash ? byAddress() : await byTeams();
  } catch {
    show(main.dataset.outside);
    return;
  }
  await look({}, { isFirst: true });
})();
