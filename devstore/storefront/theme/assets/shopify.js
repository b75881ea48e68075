/* A stand-in for what Shopify puts on every storefront page: consent and analytics under window.Shopify.

   As on Shopify, Shopify.customerPrivacy exists only after someone has called loadFeatures. Until the visitor has
   chosen, nothing is allowed. The choice stands in the cookie _tracking_consent. */
(() => {
  'use strict';
  const COOKIE = '_tracking_consent';
  const PURPOSES = { analytics: 'a', preferences: 'p', marketing: 'm', sale_of_data: 's' };
  const YEAR_S = 365 * 24 * 3600;

  const read = () => {
    const found = document.cookie.split('; ').find((part) => part.startsWith(`${COOKIE}=`));
    if (!found) return null;
    try {
      return JSON.parse(decodeURIComponent(found.slice(COOKIE.length + 1))).purposes;
    } catch {
      return null;
    }
  };

  const allowed = (purpose) => Boolean((read() || {})[PURPOSES[purpose]]);

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
    shouldShowBanner: () => read() === null,
    getRegion: () => '',
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

  /* Pixels will subscribe to this; until then the events wait here and are replayed to whoever comes late. */
  const published = [];
  const listeners = [];
  Shopify.analytics = {
    publish(name, payload = {}) {
      const event = { name, payload, timestamp: new Date().toISOString() };
      published.push(event);
      listeners.forEach((listener) => listener(event));
      return true;
    },
  };
  window.__devstore = {
    published,
    onPublish(listener) { published.forEach(listener); listeners.push(listener); },
  };
})();
