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

  const randomId = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

  // Consent

  const consented = () => {
    const privacy = window.Shopify?.customerPrivacy;
    return privacy?.analyticsProcessingAllowed?.() && privacy.preferencesProcessingAllowed?.();
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
    cartForms().forEach(stamp);
    publish();
  };

  const forget = () => {
    visitor = null;
    queue.length = 0;
    write('localStorage', VISITOR, null);
    for (const key of [CLICKS, PUBLISHED]) write('sessionStorage', key, null);
    for (const rail of rails) rail.stop();
    cartForms().forEach(stamp);
  };

  // Tells the web pixel whose its client id is.
  const publish = () => {
    const analytics = window.Shopify.analytics;
    if (!analytics?.publish || read('sessionStorage', PUBLISHED) === visitor) return;
    analytics.publish('attune:visitor', { visitor });
    write('sessionStorage', PUBLISHED, visitor);
  };

  // A click travels with the product into the cart, as a property hidden from shoppers.

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
    timer ||= setTimeout(flush, BATCH_MS);
  };

  const flush = () => {
    clearTimeout(timer);
    timer = 0;
    while (queue.length) {
      const batch = queue.splice(0, BATCH);
      const { collect, key, shop } = batch[0].rail.dataset;
      const events = batch.map(({ event, at }) => ({ ...event, age_ms: Math.round(performance.now() - at) }));
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
      const cards = this.cards.map((card) => card.dataset.product);
      const query = new URLSearchParams({ placement, product_id: product, visitor, cart, cards });
      const response = await fetch(`${proxy}/v1/recommendations?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!response.ok) throw new Error(response.statusText);
      return response.json();
    }

    // Moved in the document, not by CSS order, for screen readers and the Tab key.
    arrange({ request_id: request, items, unavailable = [] }) {
      const list = this.querySelector('ul');
      // As many cards as Liquid showed, so that nothing below moves.
      const shown = this.cards.filter((card) => !card.hidden).length;
      // Sold out since Liquid drew the page.
      for (const card of this.cards) if (unavailable.includes(card.dataset.product)) card.remove();
      const { cards } = this;
      this.parentElement.hidden = !cards.length;
      // Nothing moves under a pointer, focus or swipe.
      const touched = list.matches(':hover, :focus-within') || Math.abs(list.scrollLeft) > 8;
      const ranked = [];
      for (const card of cards) delete card.dataset.request;
      for (const { product_id: product } of items) {
        const card = cards.find(({ dataset }) => dataset.product === product);
        if (!card || card.dataset.request) continue;
        card.dataset.request = request;
        ranked.push(card);
      }
      [...new Set(touched ? cards : [...ranked, ...cards])].forEach((card, index) => {
        card.hidden = index >= shown;
        card.dataset.position = index;
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
