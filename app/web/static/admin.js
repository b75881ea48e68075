// The embedded pages' only script. Links and forms of ours go out with a fresh ID token, because the one that a page
// came with is used up within a minute; the first page follows what is under way, and asks App Bridge which of our
// blocks stand in the theme.
"use strict";

const PATIENCE_MS = 8000;

const inTime = (promise) => Promise.race([
  promise,
  new Promise((_, refuse) => { window.setTimeout(refuse, PATIENCE_MS, new Error("no answer")); }),
]);

// -- moving about -----------------------------------------------------------------------------------------------------

// The last wish counts: what the merchant opens is not overtaken by a page that wants to be drawn anew.
let wishes = 0;

const open = async (address) => {
  wishes += 1;
  const wish = wishes;
  const to = new URL(address, window.location.origin);
  const { shop, host } = window.shopify?.config ?? {};
  Object.entries({ embedded: "1", shop, host }).forEach(([name, value]) => value && to.searchParams.set(name, value));
  // Without a token the app sends the frame to a page that fetches one.
  to.searchParams.delete("id_token");
  const token = await inTime(window.shopify.idToken()).catch(() => "");
  if (token) to.searchParams.set("id_token", token);
  if (wish === wishes) window.location.assign(to);
};

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("s-link[href], s-button[href], a[href]");
  const elsewhere = event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey;
  if (!link || elsewhere || link.hasAttribute("target") || !link.getAttribute("href").startsWith("/")) return;
  event.preventDefault();
  open(link.getAttribute("href"));
});

// -- forms ------------------------------------------------------------------------------------------------------------

// An error stands at the field that it is about, or in the banner of its form.
const complain = (form, detail, name) => {
  const field = form.querySelector(name ? `[name="${CSS.escape(name)}"]` : "s-search-field");
  const sentence = `${detail.charAt(0).toUpperCase()}${detail.slice(1)}${/[.!?]$/.test(detail) ? "" : "."}`;
  if (field) {
    field.setAttribute("error", sentence);
    field.focus();
    return;
  }
  const banner = form.querySelector("[data-problem]");
  banner.querySelector("s-paragraph").textContent = sentence;
  banner.removeAttribute("hidden");
};

const forgive = (form) => {
  form.querySelectorAll("[error]").forEach((field) => field.removeAttribute("error"));
  form.querySelector("[data-problem]")?.setAttribute("hidden", "");
};

// A file cannot be opened by its address, which has no token; it is fetched, and then saved as if it had been a link.
const save = async (answer, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), PATIENCE_MS);
};

// Whether the page is being left: then its button stays busy, so that a second press cannot send the form twice.
const send = async (form) => {
  const written = new FormData(form);
  const fields = form.enctype === "multipart/form-data" ? written : new URLSearchParams(written);
  if (form.getAttribute("method") === "get") {
    const to = new URL(form.getAttribute("action"), window.location.origin);
    fields.forEach((value, name) => to.searchParams.set(name, value));
    await open(to);
    return true;
  }
  const answer = await fetch(form.action, { method: "POST", body: fields }).catch(() => null);
  if (answer?.ok && "top" in form.dataset) {
    // Another service's page of agreement can't stand in the frame; the way there is only ours to give.
    const { address } = await answer.json();
    window.open(address, "_top");
    return true;
  }
  if (answer?.ok && !("download" in form.dataset)) {
    await open(answer.url);
    return true;
  }
  if (answer?.ok) {
    // The page stays: leaving it could cut the download short. A file that breaks off is not saved.
    const saved = await save(answer, form.dataset.download).then(() => true, () => false);
    if (!saved) complain(form, "The file broke off, and nothing of it was saved. Try once more.");
    return false;
  }
  const problem = await answer?.json().catch(() => null);
  const detail = problem?.detail ?? "That did not work. Look at your connection and try once more.";
  complain(form, detail, problem?.field);
  return false;
};

// What a form has done may need more access to the store; Shopify asks for it in the moment in which it is needed, and not
// again. Whoever may write may read.
const covers = (granted, scope) => granted.includes(scope) || granted.includes(scope.replace(/^read_/, "write_"));

const mayDo = async (form) => {
  const { scopes, scopesFor } = form.dataset;
  if (!scopes || (scopesFor && !new FormData(form).has(scopesFor))) return true;
  const { granted } = await window.shopify.scopes.query().catch(() => ({ granted: [] }));
  const missing = scopes.split(",").filter((scope) => !covers(granted, scope));
  const answer = missing.length ? await window.shopify.scopes.request(missing).catch(() => null) : { result: "granted-all" };
  if (answer?.result === "granted-all") return true;
  complain(form, form.dataset.refused ?? "Without this access nothing can be written to your customers. Nothing was changed.");
  return false;
};

document.querySelectorAll("form[data-attune]").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("s-button[type=submit]");
    if (button.hasAttribute("loading")) return;
    button.setAttribute("loading", "");
    forgive(form);
    let leaves = false;
    try {
      leaves = (await mayDo(form)) && (await send(form));
    } finally {
      if (!leaves) button.removeAttribute("loading");
    }
  });
});

// Whoever comes back finds the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("[type=submit][loading]").forEach((one) => one.removeAttribute("loading"));
});

// -- answers that a worker counts -------------------------------------------------------------------------------------

// The page is drawn anew once the answer is there; nobody looks while it is hidden.
const WAITING_MS = 1500;
const waits = document.querySelector("[data-waits]");

const lookForAnswer = async () => {
  const before = wishes;
  const answer = document.hidden ? null : await fetch(waits.dataset.waits).catch(() => null);
  const found = answer?.ok ? await answer.json().catch(() => null) : null;
  if (found && found.state !== "waiting" && wishes === before) {
    await open(`${window.location.pathname}${window.location.search}`);
    return;
  }
  window.setTimeout(lookForAnswer, WAITING_MS);
};

if (waits) window.setTimeout(lookForAnswer, WAITING_MS);

// -- the set-up -------------------------------------------------------------------------------------------------------

const setup = document.getElementById("setup");
const blocks = document.getElementById("blocks");

const showStep = ({ key, badge, tone, text }) => {
  const step = setup.querySelector(`[data-step="${key}"]`);
  const shown = step.querySelector("[data-badge]");
  if (shown.textContent !== badge) shown.textContent = badge;
  shown.setAttribute("tone", tone);
  if (step.querySelector("[data-text]").textContent !== text) step.querySelector("[data-text]").textContent = text;
};

const showRun = (run) => {
  const row = setup.querySelector(`[data-resource="${run.resource}"]`);
  row?.querySelector("s-progress").setAttribute("value", String(Math.round(100 * run.share)));
  if (row) row.querySelector("[data-lines]").textContent = run.lines.toLocaleString("en");
};

// Whether something is under way. What is drawn anew here are words; when all has settled, or a step is another one, the
// page is loaded once more, because then there is more to show on it.
const followSetup = async () => {
  const before = wishes;
  const answer = await fetch("/admin/progress.json").catch(() => null);
  if (!answer?.ok) return true;
  const now = await answer.json();
  now.steps.forEach(showStep);
  now.runs.forEach(showRun);
  const was = setup.dataset.settled;
  if (String(now.settled) !== was || setup.dataset.consented !== String(now.consented)) {
    if (wishes === before) await open(window.location.pathname);
    return false;
  }
  return !now.settled;
};

const STATES = {
  active: ["In your theme", "success"],
  available: ["Not added", "info"],
  unavailable: ["Not available", "warning"],
};
const UNKNOWN = ["Unknown", "neutral"];

const showBlock = (row, status) => {
  const [text, tone] = STATES[status] ?? UNKNOWN;
  const badge = row.querySelector("[data-state]");
  badge.textContent = text === "Not added" && "embed" in row.dataset ? "Switched off" : text;
  badge.setAttribute("tone", tone);
  const button = row.querySelector("[data-editor]");
  const words = status === "active" ? "Change" : "embed" in row.dataset ? "Switch on" : "Add";
  button.textContent = words;
  button.setAttribute("href", status === "active" ? row.dataset.changing : row.dataset.adding);
  button.setAttribute("accessibilityLabel", `${words} ${row.dataset.title}`);
};

const showTheme = (rows, active, known) => {
  if (!known) {
    showStep({ key: "theme", badge: UNKNOWN[0], tone: UNKNOWN[1], text: "Shopify did not say which of them stand there." });
    return;
  }
  const done = active === rows.length;
  const text = done ? "All of them stand there." : `${active} of ${rows.length} stand there; add the others below, or leave them out.`;
  const [badge, tone] = done ? ["Done", "success"] : active ? ["Partly", "info"] : ["To do", "warning"];
  showStep({ key: "theme", badge, tone, text });
};

// Whether some block is not in the theme yet. Only Shopify knows; asking App Bridge needs no scope.
const followBlocks = async () => {
  const rows = [...blocks.querySelectorAll("[data-block]")];
  const extensions = await inTime(window.shopify.app.extensions()).catch(() => []);
  const found = new Map(extensions.flatMap(({ activations = [] }) => activations.map(({ handle, status }) => [handle, status])));
  const known = rows.some((row) => found.has(row.dataset.block));
  rows.forEach((row) => showBlock(row, found.get(row.dataset.block)));
  blocks.querySelector("[data-unknown]").toggleAttribute("hidden", known);
  const active = rows.filter((row) => found.get(row.dataset.block) === "active").length;
  showTheme(rows, active, known);
  return active < rows.length;
};

if (setup && blocks) {
  // The first looks are quick, and then fewer and fewer; nobody looks at a page that is hidden.
  const QUICK_MS = 1500;
  const SLOW_MS = 10000;
  let pause = QUICK_MS;
  let timer = null;
  let looking = false;
  let outdated = false;
  const look = async () => {
    window.clearTimeout(timer);
    if (document.hidden) return;
    // Who comes back while a look is under way may have changed what it has already been told.
    outdated = looking;
    if (looking) return;
    looking = true;
    const under = await Promise.all([followSetup(), followBlocks()].map((one) => one.catch(() => true)));
    looking = false;
    if (outdated) return look();
    if (under.some(Boolean)) timer = window.setTimeout(look, pause);
    pause = Math.min(pause * 1.2, SLOW_MS);
  };
  const lookAgain = () => { pause = QUICK_MS; look(); };
  // The merchant comes back from the theme editor, in another tab or by going back.
  document.addEventListener("visibilitychange", lookAgain);
  window.addEventListener("pageshow", (event) => { if (event.persisted) lookAgain(); });
  look();
}

// -- what waits for a worker ------------------------------------------------------------------------------------------

// The page is loaded once more after a while, unless the merchant has gone elsewhere or is writing something.
if (document.querySelector("[data-waiting]")) {
  const AGAIN_MS = 4000;
  const before = wishes;
  const again = () => {
    if (document.hidden || document.querySelector("form:focus-within")) window.setTimeout(again, AGAIN_MS);
    else if (wishes === before) open(window.location.pathname + window.location.search);
  };
  window.setTimeout(again, AGAIN_MS);
}
