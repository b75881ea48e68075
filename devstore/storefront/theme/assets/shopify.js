/* A stand-in for what Shopify puts on every storefront page: consent and analytics under window.Shopify.

   As on Shopify, Shopify.customerPrivacy exists only after someone has called loadFeatures. Where consent is needed
   nothing is allowed until the visitor has chosen; in a market without that rule everything is, until she declines.
   The choice stands in the cookie _tracking_consent. There is no Shopify.analytics.visitor here. */
(() => {
  'use strict';
  const setup = JSON.parse(document.getElementById('web-pixels-manager-setup').textContent);

  /* -- consent -------------------------------------------------------------------------------------------------- */

  const COOKIE = '_tracking_consent';
  const PURPOSES = { analytics: 'a', preferences: 'p', marketing: 'm', sale_of_data: 's' };
  const YEAR_S = 365 * 24 * 3600;
  const { needed, region } = setup.privacy;

  const read = () => {
    const found = document.cookie.split('; ').find((part) => part.startsWith(`${COOKIE}=`));
    if (!found) return null;
    try {
      return JSON.parse(decodeURIComponent(found.slice(COOKIE.length + 1))).purposes;
    } catch {
      return null;
    }
  };

  const allowed = (purpose) => {
    const chosen = (read() || {})[PURPOSES[purpose]];
    return chosen === undefined ? !needed : chosen === true;
  };

  const detail = () => ({
    analyticsAllowed: allowed('analytics'),
    preferencesAllowed: allowed('preferences'),
    marketingAllowed: allowed('marketing'),
    firstPartyMarketingAllowed: allowed('marketing'),
    thirdPartyMarketingAllowed: allowed('marketing'),
    saleOfDataAllowed: allowed('sale_of_data'),
  });

  const setTrackingConsent = (choice, callback) => {
    const purposes = { ...(read() || {}) };
    for (const [name, letter] of Object.entries(PURPOSES)) {
      if (name in choice) purposes[letter] = choice[name] === true;
    }
    const value = encodeURIComponent(JSON.stringify({ v: '2.1', purposes }));
    document.cookie = `${COOKIE}=${value}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
    document.dispatchEvent(new CustomEvent('visitorConsentCollected', { detail: detail() }));
    if (callback) callback();
  };

  const say = (purpose) => {
    const purposes = read();
    if (!purposes || !(PURPOSES[purpose] in purposes)) return '';
    return purposes[PURPOSES[purpose]] ? 'yes' : 'no';
  };

  const customerPrivacy = {
    analyticsProcessingAllowed: () => allowed('analytics'),
    preferencesProcessingAllowed: () => allowed('preferences'),
    marketingAllowed: () => allowed('marketing'),
    saleOfDataAllowed: () => allowed('sale_of_data'),
    userCanBeTracked: () => allowed('analytics'),
    getTrackingConsent: () => say('analytics') || 'no_interaction',
    currentVisitorConsent: () => ({
      analytics: say('analytics'), preferences: say('preferences'),
      marketing: say('marketing'), sale_of_data: say('sale_of_data'),
    }),
    shouldShowBanner: () => needed && read() === null,
    getRegion: () => region,
    setTrackingConsent,
  };

  const FEATURES = { 'consent-tracking-api': () => { Shopify.customerPrivacy = customerPrivacy; } };

  Shopify.loadFeatures = (features, callback) => {
    const unknown = features.find((feature) => !FEATURES[feature.name]);
    setTimeout(() => {
      if (!unknown) features.forEach((feature) => FEATURES[feature.name]());
      if (callback) callback(unknown ? new Error(`Unknown feature ${unknown.name}`) : undefined);
    });
  };

  /* -- events --------------------------------------------------------------------------------------------------- */

  const copyOf = (source, names) => Object.fromEntries(names.map((name) => [name, source[name]]));
  const place = () => copyOf(location, ['hash', 'host', 'hostname', 'href', 'origin', 'pathname', 'port', 'protocol', 'search']);

  const context = () => ({
    document: { ...copyOf(document, ['characterSet', 'referrer', 'title']), location: place() },
    navigator: { ...copyOf(navigator, ['cookieEnabled', 'language', 'userAgent']), languages: [...navigator.languages] },
    window: {
      ...copyOf(window, [
        'innerHeight', 'innerWidth', 'origin', 'outerHeight', 'outerWidth', 'pageXOffset', 'pageYOffset', 'screenX',
        'screenY', 'scrollX', 'scrollY',
      ]),
      location: place(),
      screen: copyOf(screen, ['height', 'width']),
    },
  });

  const events = [];
  const listeners = [];

  const emit = (name, type, payload) => {
    const event = {
      id: crypto.randomUUID(), name, type, seq: events.length, timestamp: new Date().toISOString(), context: context(),
      ...payload,
    };
    events.push(event);
    listeners.forEach((listener) => listener(event));
  };

  /* The page's own events are told when its title is known. */
  document.addEventListener('DOMContentLoaded', () => {
    setup.events.forEach(({ name, data }) => emit(name, 'standard', { data }));
  });

  /* What a script does to the cart comes back with the answer. */
  const EVENTS = 'X-Devstore-Events';
  const note = (told) => { if (told) JSON.parse(told).forEach(([name, data]) => emit(name, 'standard', { data })); };
  const plainFetch = window.fetch;
  window.fetch = function fetch(...args) {
    const answer = plainFetch.apply(this, args);
    answer.then(({ headers }) => note(headers.get(EVENTS)), () => {});
    return answer;
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function sendNoted(...args) {
    this.addEventListener('load', () => {
      if (this.getAllResponseHeaders().toLowerCase().includes(EVENTS.toLowerCase())) note(this.getResponseHeader(EVENTS));
    });
    return send.apply(this, args);
  };

  const STANDARD = new Set([
    'page_viewed', 'product_viewed', 'collection_viewed', 'search_submitted', 'cart_viewed', 'product_added_to_cart',
    'product_removed_from_cart', 'checkout_started', 'checkout_completed',
  ]);
  const published = [];

  Shopify.analytics = {
    publish(name, payload = null) {
      if (typeof name !== 'string' || !name || STANDARD.has(name)) return false;
      published.push({ name, payload, timestamp: new Date().toISOString() });
      emit(name, 'custom', { customData: payload === null ? null : JSON.parse(JSON.stringify(payload)) });
      return true;
    },
  };

  window.__devstore = {
    published,
    events,
    pixels: { log: [] },
    onEvent(listener) { events.forEach(listener); listeners.push(listener); },
    privacy: customerPrivacy,
    context,
    setup,
  };
})();
