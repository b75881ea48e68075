// The two questions to the app: in which order, and which cards. What fails or comes too late throws; Liquid's cards
// then stay.
import { visitor } from './attune-core.js';

const ANSWER_MS = 1500;

const ask = async (address, question) => {
  const given = Object.entries(question).filter(([, value]) => value !== undefined && String(value) !== '');
  const query = new URLSearchParams({ ...Object.fromEntries(given), visitor: visitor() });
  const response = await fetch(`${address}?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(response.statusText);
  return response;
};

/** The order of cards that the page holds: { request_id, items, unavailable }. */
export const askForOrder = async ({ proxy }, question) =>
  (await ask(`${proxy}/v1/recommendations`, question)).json();

/** Cards that Shopify renders, in the market of the page. */
export const askForCards = async ({ proxy, root = '/', locale }, question) => {
  const address = `${root.replace(/\/$/, '')}${proxy}/v1/rail`;
  return cardsOf(await (await ask(address, { ...question, locale })).text());
};

/** The cards in a piece of HTML, or in the template that it holds, ready to stand in this page. */
export const cardsOf = (html, template) => {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const found = (template ? parsed.querySelector(template)?.content : parsed)?.querySelectorAll('li.attune-card[data-product]');
  return [...(found ?? [])].map((card) => document.importNode(card, true));
};
