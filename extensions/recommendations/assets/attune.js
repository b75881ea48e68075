// Re-orders the cards that Liquid has drawn, once the visitor has consented, and reports what was seen and clicked.
// Before consent nothing of a visitor is stored or sent. Whatever fails here, Liquid's list stays as it is.
(() => {
  if (customElements.get('attune-recommendations') || window.Shopify?.designMode) return;

  const VISITOR = 'attune:visitor';
  const CLICKS = 'attune:clicks';
  const PUBLISHED = 'attune:published';
  const PROPERTY = 'properties[_attune]';
  const CONSENT = { analytics: true, preferences: true };
  const ANSWER_MS = 1500;
  const SEEN_MS = 1000;
  const BATCH_MS = 1000;
  const BATCH = 50;

  const rails = new Set();
  const queue = [];
  let visitor = null;
  let timer = 0;

  // Storage may be blocked or full; then there is no visitor id.
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

  const randomId = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

  // Consent

  const consented = () => {
    const privacy = window.Shopify?.customerPrivacy;
    return Boolean(privacy?.analyticsProcessingAllowed?.() && privacy.preferencesProcessingAllowed?.());
  };

  const settle = () => {
    try {
      if (consented()) begin();
      else forget();
    } catch {
      visitor = null;
    }
  };

  const begin = () => {
    if (visitor) return;
    const known = read('localStorage', VISITOR);
    const id = /^[0-9a-f]{32}$/.test(known ?? '') ? known : randomId();
    if (id !== known) write('localStorage', VISITOR, id);
    if (read('localStorage', VISITOR) !== id) return;
    visitor = id;
    for (const rail of rails) rail.start();
    for (const form of cartForms()) stamp(form);
    publish();
  };

  const forget = () => {
    visitor = null;
    queue.length = 0;
    write('localStorage', VISITOR, null);
    write('sessionStorage', CLICKS, null);
    write('sessionStorage', PUBLISHED, null);
    for (const rail of rails) rail.stop();
    for (const form of cartForms()) stamp(form);
  };

  // The web pixel learns here which visitor its own client id belongs to.
  const publish = () => {
    const analytics = window.Shopify.analytics;
    if (!analytics?.publish || read('sessionStorage', PUBLISHED) === visitor) return;
    analytics.publish('attune:visitor', { visitor });
    write('sessionStorage', PUBLISHED, visitor);
  };

  // A click travels with the product into the cart, as a property that shoppers don't see.

  const clicks = () => {
    try {
      return JSON.parse(read('sessionStorage', CLICKS)) ?? {};
    } catch {
      return {};
    }
  };

  const cartForms = () => [...document.querySelectorAll('form[action*="/cart/add"]')];

  // Shopify's form tag names its product; a theme's own form is taken for the page's product if it is the first.
  const productOf = (form) =>
    form.querySelector('[name="product-id"]')?.value ??
    (form === cartForms()[0] ? document.querySelector('attune-recommendations')?.dataset.product : undefined);

  const stamp = (form) => {
    const tag = visitor && clicks()[productOf(form)];
    let input = form.querySelector(`input[name="${PROPERTY}"]`);
    if (!tag) return input?.remove();
    if (!input) {
      input = document.createElement('input');
      input.type = 'hidden';
      input.name = PROPERTY;
      form.append(input);
    }
    input.value = tag;
  };

  // Events

  const report = (rail, type, card) => {
    const event = {
      id: randomId(),
      type,
      visitor,
      placement: rail.dataset.placement,
      product_id: card.dataset.product,
      request_id: card.dataset.request,
      position: Number(card.dataset.position),
      consent: CONSENT,
    };
    queue.push({ rail, event, at: performance.now() });
    if (!timer) timer = setTimeout(flush, BATCH_MS);
  };

  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    while (queue.length) {
      const batch = queue.splice(0, BATCH);
      const { collect, key, shop } = batch[0].rail.dataset;
      const now = performance.now();
      const events = batch.map(({ event, at }) => ({ ...event, age_ms: Math.round(now - at) }));
      const body = JSON.stringify({ key, shop, events });
      if (navigator.sendBeacon?.(collect, body)) continue;
      fetch(collect, { method: 'POST', body, keepalive: true, mode: 'no-cors', credentials: 'omit' }).catch(() => {});
    }
  };

  class Recommendations extends HTMLElement {
    connectedCallback() {
      rails.add(this);
      this.addEventListener('click', this);
      this.addEventListener('auxclick', this);
      if (visitor) this.start();
    }

    disconnectedCallback() {
      this.stop();
      rails.delete(this);
    }

    get cards() {
      return [...this.querySelectorAll('li[data-product]')];
    }

    start() {
      const { proxy, collect, key } = this.dataset;
      if (!proxy || !collect || !key || this.near) return;
      this.near = new IntersectionObserver(
        (entries) => {
          if (!entries.some((entry) => entry.isIntersecting)) return;
          this.near.disconnect();
          this.personalise();
        },
        { rootMargin: '400px' },
      );
      this.near.observe(this);
    }

    stop() {
      this.near?.disconnect();
      this.near = null;
      this.pause();
      this.view = null;
    }

    async personalise() {
      const asked = visitor;
      try {
        const answer = await this.ask();
        if (visitor === asked) this.arrange(answer);
      } catch {
        // Liquid's order stands.
      }
      if (visitor === asked && this.isConnected) this.watch();
    }

    async ask() {
      const { proxy, placement, product, cart } = this.dataset;
      const query = new URLSearchParams({ placement, product_id: product, visitor, limit: this.cards.length });
      if (cart) query.set('cart', cart);
      const response = await fetch(`${proxy}/v1/recommendations?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!response.ok) throw new Error(response.statusText);
      return response.json();
    }

    // Moved in the document, not by CSS order, so that screen readers and the Tab key follow.
    arrange({ request_id: request, items }) {
      const list = this.querySelector('ul');
      // Nothing moves under a pointer, a focus or a swipe.
      if (list.matches(':hover, :focus-within') || Math.abs(list.scrollLeft) > 8) return;
      const cards = this.cards;
      const byProduct = new Map(cards.map((card) => [card.dataset.product, card]));
      const order = new Set();
      for (const item of items) {
        const card = byProduct.get(String(item.product_id));
        if (!card || order.has(card)) continue;
        card.dataset.request = request;
        card.dataset.position = item.position;
        order.add(card);
      }
      for (const card of cards) {
        if (!order.has(card)) delete card.dataset.request;
        order.add(card);
      }
      // As many cards as Liquid showed, so that nothing below moves.
      const shown = cards.filter((card) => !card.hidden).length;
      [...order].forEach((card, index) => {
        card.hidden = index >= shown;
        if (!card.dataset.request) card.dataset.position = index;
        if (list.children[index] !== card) list.insertBefore(card, list.children[index]);
      });
    }

    // An exposure: at least half of a card in view for one second, once a card.
    watch() {
      this.pause();
      this.exposed ??= new Set();
      const waiting = new Map();
      const view = new IntersectionObserver(
        (entries) => {
          for (const { target, intersectionRatio } of entries) {
            clearTimeout(waiting.get(target));
            if (intersectionRatio < 0.5) continue;
            waiting.set(target, setTimeout(() => this.expose(target), SEEN_MS));
          }
        },
        { threshold: 0.5 },
      );
      this.view = { view, waiting };
      for (const card of this.cards) if (!card.hidden && !this.exposed.has(card)) view.observe(card);
    }

    pause() {
      this.view?.view.disconnect();
      for (const id of this.view?.waiting.values() ?? []) clearTimeout(id);
    }

    expose(card) {
      if (!visitor || document.hidden) return;
      this.view.view.unobserve(card);
      this.exposed.add(card);
      report(this, 'exposure', card);
    }

    handleEvent({ target, button }) {
      const card = target.closest('a') && target.closest('li[data-product]');
      if (!visitor || !card || button > 1 || !this.dataset.collect) return;
      report(this, 'click', card);
      flush();
      const { product, request, position } = card.dataset;
      if (!request) return;
      write('sessionStorage', CLICKS, JSON.stringify({ ...clicks(), [product]: `${request}:${position}` }));
    }
  }

  const boot = () => {
    document.addEventListener('visitorConsentCollected', settle);
    // Before the theme's own handler reads the form.
    window.addEventListener('submit', ({ target }) => cartForms().includes(target) && stamp(target), true);
    window.addEventListener('pagehide', flush);
    window.addEventListener('pageshow', ({ persisted }) => persisted && settle());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) flush();
      for (const rail of rails) if (rail.view) document.hidden ? rail.pause() : rail.watch();
    });
    customElements.define('attune-recommendations', Recommendations);
    const features = [{ name: 'consent-tracking-api', version: '0.1' }];
    window.Shopify?.loadFeatures?.(features, (error) => error || settle());
  };

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', boot);
  else boot();
})();
