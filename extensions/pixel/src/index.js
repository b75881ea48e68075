// Tells the app what shoppers do in the shop, in the app's own few words. Shopify loads this only where the visitor has
// allowed analytics and preferences; on withdrawal it falls silent. What names a person (e-mail, name, address, the
// query string of an address) is never read, so that it cannot be sent.
import { register } from "@shopify/web-pixels-extension";

const VISITOR = 'attune:visitor';
const BATCH = 10;
const BATCH_MS = 2000;
const QUEUE = 50;
const PRODUCTS = 100;
const DAY_MS = 24 * 60 * 60 * 1000;
const VISITOR_SHAPE = /^[0-9a-f]{32}$/;
// People type addresses and telephone numbers into search fields.
const PERSONAL = /@|(?:\d[\s()/-]?){7,}/;
// Below these parts of an address come tokens and numbers that belong to one person.
const PRIVATE_PATH =
  /^((?:\/[a-z]{2}(?:-[a-z]{2,4})?)?(?:\/\d+)?\/(?:checkouts?|orders|account|customer_authentication|invoices|gift_cards|apps|a|tools|community))\/.*$/i;

// Shopify names things by number or by gid.
const number = (id) => String(id ?? '').match(/(\d{1,18})(?:\?.*)?$/)?.[1];

const variantOf = (variant) => ({ product_id: number(variant?.product?.id), variant_id: number(variant?.id) });

const productsOf = (variants) =>
  [...new Set((variants ?? []).map((variant) => variantOf(variant).product_id).filter(Boolean))].slice(0, PRODUCTS);

const lineOf = ({ cartLine }) => ({ ...variantOf(cartLine?.merchandise), quantity: cartLine?.quantity });

const boughtIn = ({ checkout }) => productsOf(checkout?.lineItems?.map(({ variant }) => variant));

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
  checkout_started: ({ data }) => ['checkout_started', { products: boughtIn(data) }],
  checkout_completed: ({ data }) => [
    'purchase',
    { order_id: number(data.checkout?.order?.id), products: boughtIn(data) },
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
    Object.assign(this, { collect, key, shop, waiting: [], timer: 0, visitor: null });
  }

  put(event, at) {
    this.waiting.push({ event, at });
    this.waiting.splice(0, this.waiting.length - QUEUE);
    if (this.waiting.length >= BATCH) this.send();
    else this.later();
  }

  later() {
    this.timer ||= setTimeout(() => this.send(), BATCH_MS);
  }

  clear() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.waiting = [];
  }

  send() {
    clearTimeout(this.timer);
    this.timer = 0;
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
  let consent = consentOf(init.customerPrivacy ?? {});
  outbox.silent = !consent.analytics || !consent.preferences;

  const capture = ({ id, clientId, timestamp }, type, fields) => {
    if (outbox.silent) return;
    const event = { id: String(id).slice(0, 64), type, client_id: clientId, consent, ...fields };
    outbox.put(event, Date.parse(timestamp) || Date.now());
  };

  // The theme's id of this browser; it stands in the page's storage until consent is withdrawn.
  const meet = (visitor) => {
    if (!VISITOR_SHAPE.test(visitor ?? '')) return false;
    outbox.visitor = visitor;
    return true;
  };

  for (const [name, read] of Object.entries(EVENTS)) {
    analytics.subscribe(name, (event) => {
      const [type, fields, needed = []] = read(event);
      if (needed.some((field) => fields[field] === undefined)) return;
      capture(event, type, fields);
      if (name === 'checkout_completed') outbox.send();
    });
  }

  analytics.subscribe(VISITOR, (event) => {
    const visitor = event.customData?.visitor;
    if (!outbox.silent && meet(visitor)) capture(event, 'identity', { visitor });
  });

  customerPrivacy.subscribe('visitorConsentCollected', (event) => {
    consent = consentOf(event.customerPrivacy);
    outbox.silent = !consent.analytics || !consent.preferences;
    if (!outbox.silent) return;
    outbox.clear();
    outbox.visitor = null;
  });

  if (!outbox.silent) {
    browser.localStorage
      .getItem(VISITOR)
      .then((visitor) => outbox.silent || outbox.visitor || meet(visitor))
      .catch(() => {});
  }
});
