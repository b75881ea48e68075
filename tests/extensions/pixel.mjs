// Runs the built pixel in a sandbox of its own with a stand-in for Shopify's API, and prints what it sent.
// Arguments: the bundle, and a scenario as JSON: { settings, privacy, stored, steps }. `stored` is what the page's storage
// holds. A step is one of
//   { event, ago } publishes what happened so many milliseconds ago · { consent } changes the visitor's mind · { wait } lets
//   milliseconds pass · { answers } says how the next requests end: a status, or "lost" · { store } is written by the theme.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [bundle, scenario] = process.argv.slice(2);
const { settings, privacy, stored, steps } = JSON.parse(scenario);
const kept = new Map(Object.entries(stored));
const subscribers = new Map();
const sent = [];
const touched = [];
let answers = [];
const timers = [];
let now = Date.parse('2026-11-01T12:00:00Z');

const subscribe = (name, callback) => {
  subscribers.set(name, [...(subscribers.get(name) ?? []), callback]);
  return () => true;
};
const storage = (kind) => ({
  getItem: async (key) => (touched.push([kind, 'read', key]), kept.get(key) ?? null),
  setItem: async (key, value) => (touched.push([kind, 'write', key]), kept.set(key, value)),
  removeItem: async (key) => (touched.push([kind, 'remove', key]), kept.delete(key)),
});
const api = {
  settings,
  init: { customerPrivacy: privacy, context: {}, data: {} },
  analytics: { subscribe },
  customerPrivacy: { subscribe },
  browser: { localStorage: storage('local'), sessionStorage: storage('session'), cookie: {} },
};

class Clock extends Date {
  static now() {
    return now;
  }
}

const fetch = async (url, { body, method, keepalive, headers, credentials }) => {
  sent.push({ at: now, url, method, keepalive, headers, credentials, body: JSON.parse(body), bytes: body.length });
  const answer = answers.shift() ?? 202;
  if (answer === 'lost') throw new TypeError('Failed to fetch');
  return { ok: answer < 400, status: answer };
};

const context = vm.createContext({
  Date: Clock,
  fetch,
  setTimeout: (callback, delay) => timers.push({ callback, due: now + delay, id: timers.length + 1 }),
  clearTimeout: (id) => {
    for (const timer of timers) if (timer.id === id) timer.done = true;
  },
  shopify: { extend: (point, start) => (point === 'WebPixel::Render' ? start(api) : undefined) },
});

const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

const pass = async (duration) => {
  const end = now + duration;
  for (;;) {
    const next = timers.filter(({ due, done }) => !done && due <= end).sort((a, b) => a.due - b.due)[0];
    if (!next) break;
    now = Math.max(now, next.due);
    next.done = true;
    next.callback();
    await settle();
  }
  now = end;
};

vm.runInContext(readFileSync(bundle, 'utf8'), context);
await settle();
for (const step of steps) {
  if (step.event) {
    const event = { timestamp: new Date(now - (step.ago ?? 0)).toISOString(), ...step.event };
    for (const callback of subscribers.get(event.name) ?? []) callback(event);
  }
  if (step.consent) {
    for (const callback of subscribers.get('visitorConsentCollected') ?? []) callback({ customerPrivacy: step.consent });
  }
  for (const [key, value] of Object.entries(step.store ?? {})) kept.set(key, value);
  if (step.answers) answers = [...step.answers];
  if (step.wait) await pass(step.wait);
  await settle();
}
console.log(JSON.stringify({ sent, touched, kept: Object.fromEntries(kept) }));
