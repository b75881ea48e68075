// The questions of a rail: in which order, and which cards. What fails or comes too late throws; Liquid's cards then
// stay. An answer names itself by `request_id`, says what is to stand in the rail's place (`show`), and is `stale` where
// the page was painted for other arms of experiments than the visitor's.
import { visitor } from './attune-core.js';

const ANSWER_MS = 1500;
// As many as Shopify recommends.
const SHOPIFYS = 10;

/** Asks the app in the visitor's name. */
export const ask = async (address, question) => {
  const given = Object.entries(question).filter(([, value]) => value !== undefined && String(value) !== '');
  const query = new URLSearchParams({ ...Object.fromEntries(given), visitor: visitor() });
  const response = await fetch(`${address}?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(response.statusText);
  return response;
};

/** The order of cards that the page holds, and which of them cannot be bought any more. */
export const askForOrder = async ({ proxy, locale }, question) =>
  (await ask(`${proxy}/v1/recommendations`, { ...question, locale })).json();

/** Cards that Shopify renders, in the market of the page. */
export const askForCards = async ({ proxy, root = '/', locale }, question) => {
  const address = `${root.replace(/\/$/, '')}${proxy}/v1/rail`;
  const html = await (await ask(address, { ...question, locale })).text();
  const { request, show, stale } = parse(html).querySelector('template[data-attune-answer]')?.dataset ?? {};
  return { request_id: request, show, stale: stale !== undefined, cards: cardsOf(html) };
};

/** The ids that Shopify itself recommends beside a product, without the first ones; none where it does not answer. */
export const askShopify = async ({ root = '/', product }, first, places) => {
  const limit = Math.min(first + places, SHOPIFYS);
  const query = new URLSearchParams({ product_id: product, limit, intent: 'related' });
  const address = `${root.replace(/\/$/, '')}/recommendations/products.json?${query}`;
  try {
    const { products } = await (await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) })).json();
    return products.slice(first).map(({ id }) => id);
  } catch {
    return [];
  }
};

const parse = (html) => new DOMParser().parseFromString(html, 'text/html');

/** The cards in a piece of HTML, or in the template that it holds, ready to stand in this page. */
export const cardsOf = (html, template) => {
  const parsed = parse(html);
  const found = (template ? parsed.querySelector(template)?.content : parsed)?.querySelectorAll('li.attune-card[data-product]');
  return [...(found ?? [])].map((card) => document.importNode(card, true));
};
