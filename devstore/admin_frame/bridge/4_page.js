/* What the page says without being asked: where it is, which links the admin's menu shows, what is unsaved. */
const links = () => [...document.querySelectorAll('s-app-nav s-link, s-app-nav a, ui-nav-menu a')]
  .filter((link) => link.getAttribute('rel') !== 'home')
  .map((link) => {
    const url = new URL(link.getAttribute('href') || '/', location.origin);
    return { label: link.textContent.trim(), path: url.pathname + url.search };
  });

const announce = () => {
  call('location', ownPath());
  const nav = document.querySelector('s-app-nav, ui-nav-menu');
  if (!nav) return;
  call('nav', links());
  new MutationObserver(() => call('nav', links())).observe(nav, { childList: true, subtree: true, characterData: true });
};

const hide = new CSSStyleSheet();
hide.replaceSync('s-app-nav, ui-nav-menu, ui-save-bar, ui-title-bar { display: none }');
document.adoptedStyleSheets = [...document.adoptedStyleSheets, hide];

/* A form with data-save-bar shows the bar as soon as something in it has changed. */
const unsaved = (event) => {
  const form = event.target.closest && event.target.closest('form[data-save-bar]');
  if (!form) return;
  form.id = form.id || 'app-bridge-form';
  saveBar.show(form.id);
};

if (!reload && window.top !== window) {
  call('saveBar', false);
  document.addEventListener('DOMContentLoaded', announce);
  addEventListener('popstate', () => call('location', ownPath()));
  document.addEventListener('input', unsaved);
  document.addEventListener('change', unsaved);
}
