// The one script that blocks and the embed name: it starts the modules once a page, and never in the theme editor,
// where merchants see what Liquid draws.
(() => {
  const started = Symbol.for('attune');
  if (window[started] || window.Shopify?.designMode) return;
  window[started] = true;
  let since;
  document.addEventListener('visitorConsentCollected', () => (since ??= Date.now()));
  // Without the modules the page stays as Liquid has drawn it.
  const start = () => {
    window[started] = import('./attune-core.js').then(({ boot }) => boot(since)).catch(() => {});
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
