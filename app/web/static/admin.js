// The embedded pages' only script: forms go out as fetches, because App Bridge puts the ID token on those; the first
// page follows an import until it has settled, and asks App Bridge which of our blocks stand in the theme.
"use strict";

document.querySelectorAll("form[data-attune]").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form));
    if (form.method === "get") {
      window.location.assign(`${form.getAttribute("action")}?${fields}`);
      return;
    }
    const answer = await fetch(form.action, { method: "POST", body: fields });
    if (answer.ok) {
      window.location.assign(new URL(answer.url).pathname);
    } else {
      const problem = await answer.json().catch(() => ({ detail: "That did not work; reload the page." }));
      window.shopify?.toast?.show(problem.detail, { isError: true });
    }
  });
});

const setup = document.getElementById("setup");
if (setup && setup.dataset.settled !== "true") {
  let before = null;
  const follow = async () => {
    const answer = await fetch("/admin/progress.json").catch(() => null);
    if (answer?.ok) {
      const now = await answer.json();
      const steps = JSON.stringify([now.imported, now.consented, now.model, now.settled]);
      if (before !== null && steps !== before) {
        window.location.reload();
        return;
      }
      before = steps;
      now.runs.forEach((run) => {
        const row = document.querySelector(`[data-resource="${run.resource}"]`);
        row?.querySelector("s-progress")?.setAttribute("value", String(Math.round(100 * run.share)));
        const lines = row?.querySelector("[data-lines]");
        if (lines) lines.textContent = run.lines.toLocaleString("en");
      });
    }
    window.setTimeout(follow, 1500);
  };
  follow();
}

// Only Shopify knows what stands in the theme; asking App Bridge needs no scope.
const blocks = document.getElementById("blocks");
const STATES = { active: ["In your theme", "success"], available: ["Not added", "info"], unavailable: ["Not available", "warning"] };
const showBlocks = async () => {
  const extensions = (await window.shopify?.app?.extensions?.()) ?? [];
  const found = new Map(
    extensions.flatMap(({ activations = [] }) => activations.map((block) => [block.handle, block.status])),
  );
  blocks.querySelectorAll("[data-block]").forEach((row) => {
    const [text, tone] = STATES[found.get(row.dataset.block)] ?? ["Unknown", "info"];
    const badge = row.querySelector("[data-state]");
    badge.textContent = text;
    badge.setAttribute("tone", tone);
    if (found.get(row.dataset.block) === "active") row.querySelector("[data-editor]").textContent = "Change";
  });
};
if (blocks) {
  showBlocks().catch(() => {
    blocks.querySelectorAll("[data-state]").forEach((badge) => { badge.textContent = "Unknown"; });
  });
  // The merchant comes back from the theme editor.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) showBlocks().catch(() => {}); });
}
