/* Runs the apps' web pixels: each in an iframe of an origin of its own, once the visitor has granted what it is for.

   A pixel gets what happened on this page before it was loaded. It reaches the page only through the few calls below;
   window.__devstore.pixels.log tells tests what it did. */
(() => {
  'use strict';
  const { setup, privacy, context, onEvent, pixels: { log } } = window.__devstore;
  const running = new Map();

  const state = () => ({
    analyticsProcessingAllowed: privacy.analyticsProcessingAllowed(),
    marketingAllowed: privacy.marketingAllowed(),
    preferencesProcessingAllowed: privacy.preferencesProcessingAllowed(),
    saleOfDataAllowed: privacy.saleOfDataAllowed(),
  });

  const GRANTED = {
    analytics: privacy.analyticsProcessingAllowed,
    marketing: privacy.marketingAllowed,
    preferences: privacy.preferencesProcessingAllowed,
  };
  const granted = ({ purposes, saleOfData }) => purposes.every((purpose) => GRANTED[purpose]())
    && (saleOfData !== 'enabled' || privacy.saleOfDataAllowed());

  /* -- what a pixel may do to the page -------------------------------------------------------------------------- */

  const cookies = () => document.cookie.split('; ').filter(Boolean);
  const cookie = {
    get: (name) => {
      if (name === undefined) return document.cookie;
      const found = cookies().find((part) => part.startsWith(`${name}=`));
      return found ? found.slice(name.length + 1) : '';
    },
    set: (first, value) => {
      document.cookie = value === undefined ? first : `${first}=${value}; path=/`;
      return document.cookie;
    },
  };
  const storage = (area) => ({
    clear: () => window[area].clear(),
    getItem: (key) => window[area].getItem(key),
    key: (index) => window[area].key(index),
    length: () => window[area].length,
    removeItem: (key) => window[area].removeItem(key),
    setItem: (key, value) => window[area].setItem(key, value),
  });
  const AREAS = { cookie, localStorage: storage('localStorage'), sessionStorage: storage('sessionStorage') };

  const answer = ({ id, area, method, args }) => {
    try {
      if (!Object.hasOwn(AREAS, area) || !Object.hasOwn(AREAS[area], method)) throw new Error(`there is no ${area}.${method}`);
      return { kind: 'answer', id, result: AREAS[area][method](...args) };
    } catch (error) {
      return { kind: 'answer', id, error: String(error.message || error) };
    }
  };

  /* -- one pixel ------------------------------------------------------------------------------------------------ */

  const load = (pixel) => {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    frame.src = pixel.src;
    frame.title = `Web pixel ${pixel.handle}`;
    frame.hidden = true;
    frame.tabIndex = -1;
    running.set(pixel.id, frame);
    const tell = (message) => frame.contentWindow.postMessage(message, '*');
    addEventListener('message', ({ source, data }) => {
      if (source !== frame.contentWindow || typeof data !== 'object' || data === null) return;
      if (data.kind === 'call') {
        tell(answer(data));
      } else if (data.kind === 'ready') {
        tell({ kind: 'start', init: { data: setup.init, context: context(), customerPrivacy: state() } });
        onEvent((event) => tell({ kind: 'event', event }));
        document.addEventListener('visitorConsentCollected', () => {
          tell({ kind: 'privacy', payload: { customerPrivacy: state() } });
        });
      }
      if (data.kind !== 'call') log.push({ pixel: pixel.handle, ...data });
    });
    document.body.append(frame);
  };

  const start = () => setup.pixels.filter((pixel) => !running.has(pixel.id) && granted(pixel)).forEach(load);

  document.addEventListener('visitorConsentCollected', start);
  start();
})();
