// Tells the app what shoppers do in the shop, in the app's own few words. Shopify loads this only where the visitor has
// allowed analytics and preferences, and then tells it what happened earlier on the page too: what lies before the
// consent is not sent. On withdrawal it falls silent. What names a person (e-mail, name, address, the query string of an
// address) is never read, so that it cannot be sent.
import { register } from "@shopify/web-pixels-extension";

const VISITOR = 'attune:visitor';
// The moment of consent in milliseconds, which the theme's scripts keep, or else this one.
const SINCE = 'attune:since';
const SINCE_MS = 1500;
const BATCH = 10;
// A page that is looked at for a moment only is to be known too, so what it tells at first is sent soon.
const FIRST_MS = 300;
const BATCH_MS = 2000;
const QUEUE = 50;
const PRODUCTS = 100;
const DAY_MS = 24 * 60 * 60 * 1000;
const VISITOR_SHAPE = /^[0-9a-f]{32}$/;
// People type addresses and telephone numbers into search fields.
const PERSONAL = /@|(?:\d[\s()/-]?){7,}/;
// Below these parts of an address come tokens and numbers that belong to one person.
const PRIVATE_PATH =
  /^((?:\/[a-z]{2}(?:-[a-z]{2,4})?)?(?:\/\d+)?\/(?:account|apps|a|authentication|cart|checkouts?|community|customer_authentication|customer_identity|gift_cards|invoices|orders|tools|wallets))\/.*$/i;

// Shopify names things by number or by gid.
const number = (id) => String(id ?? '').match(/(\d{1,18})(?:\?.*)?$/)?.[1];

const variantOf = (variant) => ({ product_id: number(variant?.product?.id), variant_id: number(variant?.id) });

const productsOf = (variants) =>
  [...new Set((variants ?? []).map((variant) => variantOf(variant).product_id).filter(Boolean))].slice(0, PRODUCTS);

const lineOf = ({ cartLine }) => ({ ...variantOf(cartLine?.merchandise), quantity: cartLine?.quantity });

const boughtIn = ({ checkout }) => productsOf(checkout?.lineItems?.map(({ variant }) => variant));

// The app keeps its hash, and finds by it the order that came of the checkout.
const tokenOf = ({ checkout }) => checkout?.token?.slice(0, 200) || undefined;

// Shopify's event → our type, its fields, and those without which it says nothing.
const EVENTS = {
  page_viewed: ({ context }) => [
    'page_view',
    { path: context?.document?.location?.pathname?.replace(PRIVATE_PATH, '$1').slice(0, 1000) },
    ['path'],
  ],
  product_viewed: ({ data }) => ['product_view', variantOf(data.productVariant), ['product_id']],
  collection_viewed: ({ data }) => ['collection_view', { collection_id: number(data.collection?.id) }, ['collection_id']],
  search_submitted: ({ data }) => ['search', { query: searched(data.searchResult?.query) }, ['query']],
  cart_viewed: ({ data }) => ['cart_view', { products: productsOf(data.cart?.lines?.map((line) => line.merchandise)) }],
  product_added_to_cart: ({ data }) => ['add_to_cart', lineOf(data), ['product_id']],
  product_removed_from_cart: ({ data }) => ['remove_from_cart', lineOf(data), ['product_id']],
  checkout_started: ({ data }) => ['checkout_started', { products: boughtIn(data), checkout: tokenOf(data) }],
  checkout_completed: ({ data }) => [
    'purchase',
    { order_id: number(data.checkout?.order?.id), products: boughtIn(data), checkout: tokenOf(data) },
    ['order_id'],
  ],
};

const searched = (query) => (PERSONAL.test(query ?? '') ? undefined : query?.trim().slice(0, 200) || undefined);

const consentOf = ({ analyticsProcessingAllowed, preferencesProcessingAllowed, marketingAllowed }) => ({
  analytics: analyticsProcessingAllowed === true,
  preferences: preferencesProcessingAllowed === true,
  marketing: marketingAllowed === true,
});

// What waits to be sent. A batch that did not arrive is tried once more with the next one.
class Outbox {
  constructor({ collect, key, shop }) {
    Object.assign(this, { collect, key, shop, waiting: [], timer: 0, visitor: null, delay: FIRST_MS });
  }

  put(event, at) {
    this.waiting.push({ event, at });
    this.waiting.splice(0, this.waiting.length - QUEUE);
    if (this.waiting.length >= BATCH) this.send();
    else this.later();
  }

  later() {
    this.timer ||= setTimeout(() => this.send(), this.delay);
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.waiting = [];
  }

  send() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.delay = BATCH_MS;
    while (this.waiting.length) this.post(this.waiting.splice(0, BATCH));
  }

  async post(batch) {
    const age = (at) => Math.min(Math.max(Math.round(Date.now() - at), 0), DAY_MS);
    const known = this.visitor ? { visitor: this.visitor } : {};
    const events = batch.map(({ event, at }) => ({ ...known, ...event, age_ms: age(at) }));
    const body = JSON.stringify({ key: this.key, shop: this.shop, events });
    // Plain text needs no preflight, which a page that is being left would not live to see.
    const headers = { 'Content-Type': 'text/plain' };
    const arrived = await fetch(this.collect, { method: 'POST', keepalive: true, headers, body })
      .then(({ status }) => status < 500)
      .catch(() => false);
    if (!arrived) this.again(batch);
  }

  again(batch) {
    if (this.silent) return;
    const once = batch.filter(({ tried }) => !tried).map((entry) => ({ ...entry, tried: true }));
    this.waiting.unshift(...once);
    this.waiting.length = Math.min(this.waiting.length, QUEUE);
    if (once.length) this.later();
  }
}

register(({ analytics, browser, settings, init, customerPrivacy }) => {
  const outbox = new Outbox(settings);
  const started = Date.now();
  let consent = consentOf(init.customerPrivacy ?? {});
  let since = null;
  let doubtful = [];
  let timer = 0;
  const allowed = () => consent.analytics && consent.preferences;

  const take = (event, at) => {
    // The theme tells its id only after consent, even if that was a moment before this pixel heard of it.
    if (outbox.silent || (at < since && event.type !== 'identity')) return;
    outbox.put(event, at);
    if (event.type === 'purchase') outbox.send();
  };

  const capture = ({ id, clientId, timestamp }, type, fields) => {
    if (outbox.silent) return;
    const event = { id: String(id).slice(0, 64), type, client_id: clientId, consent, ...fields };
    const at = Date.parse(timestamp) || Date.now();
    if (since === null && at < started) doubtful = [...doubtful, [event, at]].slice(-QUEUE);
    else take(event, at);
  };

  const learn = (moment) => {
    if (since !== null || !(Number(moment) > 0)) return;
    since = Number(moment);
    for (const [event, at] of doubtful.splice(0)) take(event, at);
  };

  const recall = async () => {
    const stored = await browser.localStorage.getItem(SINCE);
    if (!outbox.silent) learn(stored);
    return stored;
  };

  // Where no script of the theme tells, consent is as old as this pixel, and later pages are to know.
  const remember = async () => {
    const stored = await recall();
    if (outbox.silent) return;
    learn(started);
    if (!stored) await browser.localStorage.setItem(SINCE, String(since));
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => remember().catch(() => {}), SINCE_MS);
  };

  // The theme's id of this browser; it stands in the page's storage until consent is withdrawn.
  const meet = (visitor) => {
    if (!VISITOR_SHAPE.test(visitor ?? '')) return false;
    outbox.visitor = visitor;
    return true;
  };

  const silence = () => {
    clearTimeout(timer);
    outbox.silent = true;
    outbox.clear();
    outbox.visitor = null;
    doubtful = [];
    since = null;
  };

  const speak = () => {
    if (!outbox.silent) return;
    outbox.silent = false;
    since = Date.now();
    later();
  };

  for (const [name, read] of Object.entries(EVENTS)) {
    analytics.subscribe(name, (event) => {
      const [type, fields, needed = []] = read(event);
      if (needed.every((field) => fields[field] !== undefined)) capture(event, type, fields);
    });
  }

  // Null, when consent was withdrawn in another tab; given there again, it comes with a new id.
  analytics.subscribe(VISITOR, (event) => {
    const visitor = event.customData?.visitor;
    if (visitor === null) return silence();
    if (!allowed() || !meet(visitor)) return;
    speak();
    capture(event, 'identity', { visitor });
    recall().catch(() => {});
  });

  customerPrivacy.subscribe('visitorConsentCollected', (event) => {
    consent = consentOf(event.customerPrivacy);
    if (allowed()) return speak();
    silence();
    browser.localStorage.removeItem(SINCE).catch(() => {});
  });

  if (!allowed()) return silence();
  browser.localStorage
    .getItem(VISITOR)
    .then((visitor) => outbox.silent || outbox.visitor || meet(visitor))
    .catch(() => {});
  recall().then((stored) => stored || later(), later);
});
