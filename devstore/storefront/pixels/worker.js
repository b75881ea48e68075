/* The pixel's world: what `register` hands to an app's pixel in Shopify's strict sandbox, and no page.

   A subscriber that throws is logged and harms nobody else. What Shopify offers and this sandbox does not have
   (DOM events) is an error and not a silence. */
const register = (() => {
  'use strict';
  const ABSENT = new Set([
    'all_dom_events', 'clicked', 'form_submitted', 'input_blurred', 'input_changed', 'input_focused', 'alert_displayed',
    'checkout_address_info_submitted', 'checkout_contact_info_submitted', 'checkout_shipping_info_submitted',
    'payment_info_submitted', 'ui_extension_errored',
  ]);
  const subscribers = [];
  const privacyListeners = [];
  const seen = [];
  const waiting = new Map();
  let calls = 0;
  let started = null;

  const say = (message) => postMessage(message);
  const fail = (name, error) => say({ kind: 'error', name, message: String((error && error.message) || error) });

  const guarded = (name, callback, argument) => {
    try {
      const result = callback(argument);
      if (result && typeof result.catch === 'function') result.catch((error) => fail(name, error));
    } catch (error) {
      fail(name, error);
    }
  };

  const wants = (name, event) => name === event.name || name === 'all_events'
    || (name === 'all_standard_events' && event.type === 'standard')
    || (name === 'all_custom_events' && event.type === 'custom');

  const subscribe = (name, callback) => {
    if (ABSENT.has(name) || name.startsWith('advanced_dom_')) throw new Error(`the devstore does not simulate ${name}`);
    const entry = { name, callback };
    subscribers.push(entry);
    say({ kind: 'subscribed', name });
    // What happened before is told to whoever comes late, in its order.
    for (const event of seen) if (wants(name, event)) guarded(name, callback, event);
    return () => {
      const place = subscribers.indexOf(entry);
      if (place >= 0) subscribers.splice(place, 1);
      return place >= 0;
    };
  };

  const deliver = (event) => {
    seen.push(event);
    let told = 0;
    for (const { name, callback } of [...subscribers]) {
      if (!wants(name, event)) continue;
      told += 1;
      guarded(name, callback, event);
    }
    say({ kind: 'delivered', name: event.name, id: event.id, told });
  };

  const ask = (area, method) => (...args) => new Promise((resolve, reject) => {
    const id = ++calls;
    waiting.set(id, { resolve, reject });
    say({ kind: 'call', id, area, method, args });
  });

  const storage = (area) => Object.fromEntries(
    ['clear', 'getItem', 'key', 'length', 'removeItem', 'setItem'].map((method) => [method, ask(area, method)]),
  );

  const browser = {
    cookie: { get: ask('cookie', 'get'), set: ask('cookie', 'set') },
    localStorage: storage('localStorage'),
    sessionStorage: storage('sessionStorage'),
    sendBeacon: (url, body) => fetch(url, { method: 'POST', body, keepalive: true, mode: 'no-cors' }).then(() => true, () => false),
  };

  const customerPrivacy = {
    subscribe(name, callback) {
      if (name !== 'visitorConsentCollected') throw new Error(`the devstore does not simulate ${name}`);
      privacyListeners.push(callback);
      return () => privacyListeners.splice(privacyListeners.indexOf(callback), 1).length > 0;
    },
  };

  addEventListener('message', ({ data }) => {
    if (data.kind === 'start') {
      started = data;
      begin();
    } else if (data.kind === 'event') deliver(data.event);
    else if (data.kind === 'privacy') {
      for (const callback of privacyListeners) guarded('visitorConsentCollected', callback, data.payload);
    } else if (data.kind === 'answer') {
      const { resolve, reject } = waiting.get(data.id);
      waiting.delete(data.id);
      if ('error' in data) reject(new Error(data.error));
      else resolve(data.result);
    }
  });
  addEventListener('unhandledrejection', (event) => { fail('promise', event.reason); event.preventDefault(); });

  let extend = null;
  const begin = () => {
    if (!started || !extend) return;
    const { settings, init } = started;
    const api = { analytics: { subscribe }, browser, settings, init, customerPrivacy, _pixelInfo: { runtimeContext: 'STRICT' } };
    guarded('register', extend, api);
    say({ kind: 'loaded' });
  };

  return (callback) => {
    if (extend) throw new Error('register may be called once');
    extend = callback;
    begin();
  };
})();
