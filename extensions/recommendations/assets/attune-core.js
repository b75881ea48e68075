// Whether the visitor has consented, who she then is, and the sending of what she sees and clicks.
// Before consent nothing of a visitor is stored or sent, and no other module asks the app for anything.

const VISITOR = 'attune:visitor';
const SINCE = 'attune:since';
const PUBLISHED = 'attune:published';
const ARMS = 'attune:arms';
const BATCH_MS = 1000;
const BATCH = 50;

const listeners = new Set();
const queue = [];
let current = null;
let timer = 0;

/** The id of a visitor who has consented, or null; she may have changed her mind on a page that knows nothing of us. */
export const visitor = () => {
  if (current) settle();
  return current;
};

/** Calls the listener with the visitor's id, now if there is one, and whenever it comes or goes; returns how to stop. */
export const onVisitor = (listener) => {
  listeners.add(listener);
  if (current) listener(current);
  return () => listeners.delete(listener);
};

/** Where the app is reached and whose shop this is; null until the app has been set up. */
export const settings = () => {
  const found = document.querySelector('attune-tracker[data-key], attune-recommendations[data-key]')?.dataset;
  return found?.collect && found.proxy ? found : null;
};

export const randomId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

// Storage may be blocked or full: then there is no visitor id.
const read = (storage, key) => {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
};

const write = (storage, key, value) => {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch {}
};

/** Something to remember for this session, as JSON; forgotten when consent is withdrawn. */
export const recall = (key) => {
  try {
    return JSON.parse(read('sessionStorage', key)) ?? {};
  } catch {
    return {};
  }
};

export const keep = (key, value) => {
  if (current) write('sessionStorage', key, JSON.stringify(value));
};

/** The arms that the visitor was last told, as text, for pages that are yet to be painted; null where there are none. */
export const arms = () => read('localStorage', ARMS);

export const keepArms = (text) => {
  if (current) write('localStorage', ARMS, text);
};

// Consent

const consented = () => {
  const privacy = window.Shopify?.customerPrivacy;
  return privacy?.analyticsProcessingAllowed?.() && privacy.preferencesProcessingAllowed?.();
};

const settle = (since = Date.now()) => {
  try {
    if (consented()) begin(since);
    else forget();
  } catch {
    become(null);
  }
};

const become = (id) => {
  current = id;
  for (const listener of listeners) listener(id);
};

const begin = (since) => {
  const known = read('localStorage', VISITOR);
  // Another tab may have forgotten her, or begun anew.
  if (current && current === known) return;
  if (!settings()) return;
  queue.length = 0;
  const id = /^[0-9a-f]{32}$/.test(known ?? '') ? known : randomId();
  if (id !== known) write('localStorage', VISITOR, id);
  if (read('localStorage', VISITOR) !== id) return become(null);
  // What the web pixel is told of the time before, it does not send.
  if (!read('localStorage', SINCE)) write('localStorage', SINCE, String(Math.floor(since)));
  become(id);
  publish();
};

// Also what a module has kept that this page has not loaded yet.
const sessionKeys = () => {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith('attune:'));
  } catch {
    return [];
  }
};

const forget = () => {
  const known = current;
  queue.length = 0;
  for (const key of [VISITOR, SINCE, ARMS]) write('localStorage', key, null);
  for (const key of sessionKeys()) write('sessionStorage', key, null);
  become(null);
  reveal();
  // The pixel of this tab does not hear of a choice made in another one.
  if (known) window.Shopify?.analytics?.publish?.(VISITOR, { visitor: null });
};

// Who is no visitor is in no experiment, and sees what everybody sees.
const reveal = () => {
  for (const section of document.querySelectorAll('.attune[data-arms]')) {
    section.classList.remove('attune--held');
    section.inert = false;
    delete section.dataset.arms;
    delete section.dataset.show;
  }
};

// Tells the web pixel whose its client id is.
const publish = () => {
  const analytics = window.Shopify.analytics;
  if (!analytics?.publish || read('sessionStorage', PUBLISHED) === current) return;
  analytics.publish(VISITOR, { visitor: current });
  write('sessionStorage', PUBLISHED, current);
};

// Events

/** Queues an event of the visitor's; a second later, or when the page goes, it is sent. */
export const report = (event) => {
  if (!visitor()) return;
  const marketing = Boolean(window.Shopify.customerPrivacy?.marketingAllowed?.());
  const consent = { analytics: true, preferences: true, marketing };
  queue.push({ at: performance.now(), event: { id: randomId(), visitor: current, consent, ...event } });
  timer ||= setTimeout(flush, BATCH_MS);
};

export const flush = () => {
  clearTimeout(timer);
  timer = 0;
  if (!visitor()) return;
  const { collect, key, shop } = settings() ?? {};
  while (collect && queue.length) {
    const events = queue
      .splice(0, BATCH)
      .map(({ event, at }) => ({ ...event, age_ms: Math.round(performance.now() - at) }));
    const body = JSON.stringify({ key, shop, events });
    if (navigator.sendBeacon?.(collect, body)) continue;
    fetch(collect, { method: 'POST', body, keepalive: true, mode: 'no-cors', credentials: 'omit' }).catch(() => {});
  }
};

/** Starts everything; called once a page. A consent given since its start came at `since`, in milliseconds. */
export const boot = (since = performance.timeOrigin) => {
  const drawer = document.querySelector('attune-tracker[data-drawer]');
  if (drawer) import('./attune-drawer.js').then(({ attach }) => attach(drawer)).catch(() => {});
  if (document.querySelector('attune-preferences')) import('./attune-preferences.js').catch(() => {});
  const loaded = onVisitor((id) => {
    if (!id) return;
    loaded();
    for (const name of ['rail', 'cart', 'names', 'mail']) import(`./attune-${name}.js`).catch(() => {});
  });
  document.addEventListener('visitorConsentCollected', () => settle());
  // Consent given or withdrawn in another tab, or while the page waited in the back/forward cache.
  window.addEventListener('storage', ({ key }) => (key === VISITOR || key === null) && settle());
  window.addEventListener('pageshow', ({ persisted }) => persisted && settle());
  window.addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', () => document.hidden && flush());
  const features = [{ name: 'consent-tracking-api', version: '0.1' }];
  const ask = () => window.Shopify?.loadFeatures?.(features, (error) => error || settle(since));
  // Shopify's own scripts may come after ours.
  if (window.Shopify?.loadFeatures || document.readyState === 'complete') ask();
  else window.addEventListener('load', ask, { once: true });
};
