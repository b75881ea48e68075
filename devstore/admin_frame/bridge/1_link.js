/* A stand-in for Shopify's app-bridge.js. Same public interface, own code; it talks to the frame by postMessage,
   and takes the frame's origin from the address it was loaded from. */
const script = document.currentScript;
const ADMIN = new URL(script.src).origin;
const meta = document.querySelector('meta[name="shopify-api-key"]');
const apiKey = (meta && meta.content) || script.dataset.apiKey || '';
const query = new URLSearchParams(location.search);
const AUTH = ['embedded', 'hmac', 'host', 'id_token', 'locale', 'session', 'shop', 'timestamp'];

/* shop and host come with the first document only; later ones remember them. */
const remember = (name) => {
  const key = `app-bridge-${name}`;
  try {
    if (query.get(name)) sessionStorage.setItem(key, query.get(name));
    return sessionStorage.getItem(key) || '';
  } catch {
    return query.get(name) || '';
  }
};

const config = {
  apiKey,
  shop: remember('shop'),
  host: remember('host'),
  locale: remember('locale') || 'en',
  appOrigins: [location.origin],
};

const ownPath = () => {
  const kept = new URLSearchParams(location.search);
  AUTH.forEach((name) => kept.delete(name));
  return location.pathname + (kept.size ? `?${kept}` : '');
};

/* An embedded app that is opened outside the admin is sent into it. */
if (window.top === window) location.replace(`${ADMIN}/admin/apps/${apiKey}${ownPath()}`);

const waiting = new Map();
const listeners = {};
let calls = 0;

const call = (method, ...args) => new Promise((resolve, reject) => {
  const id = ++calls;
  waiting.set(id, { resolve, reject });
  window.parent.postMessage({ channel: 'app-bridge', id, method, args }, ADMIN);
});

addEventListener('message', (event) => {
  if (event.origin !== ADMIN || event.source !== window.parent || (event.data || {}).channel !== 'app-bridge') return;
  const { id, result, error, event: name, detail } = event.data;
  if (name) return (listeners[name] || []).forEach((listener) => listener(detail));
  const pending = waiting.get(id);
  waiting.delete(id);
  if (pending) error ? pending.reject(new Error(error)) : pending.resolve(result);
});

const on = (name, listener) => { (listeners[name] = listeners[name] || []).push(listener); };
