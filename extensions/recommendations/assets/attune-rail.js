// The rail's element, defined once there has been consent: it asks the app as the rail comes near the view, re-orders
// the cards of a product page or takes others on the home and cart pages, and reports what was seen and clicked.
import { askForCards, askForOrder } from './attune-ask.js';
import { clicked } from './attune-cart.js';
import { flush, onVisitor, report, visitor } from './attune-core.js';
import { explain } from './attune-why.js';

const SEEN_MS = 1000;
const SPARE = 4;
const MOST = 20;

const shownIn = (rail) => rail.cards.filter((card) => !card.hidden).map(({ dataset }) => dataset.product);

class Recommendations extends HTMLElement {
  connectedCallback() {
    this.addEventListener('click', this);
    this.addEventListener('auxclick', this);
    document.addEventListener('visibilitychange', this);
    this.leave = onVisitor((id) => (id ? this.start() : this.forget()));
  }

  disconnectedCallback() {
    this.leave();
    this.stop();
    document.removeEventListener('visibilitychange', this);
  }

  get cards() {
    return [...this.querySelectorAll('li[data-product]')];
  }

  get list() {
    return this.querySelector('ul');
  }

  /** Nothing moves under a pointer, focus or swipe. */
  get touched() {
    return this.list.matches(':hover, :focus-within') || Math.abs(this.list.scrollLeft) > 8;
  }

  /** What other rails show that stand above or have their answer; they are not to be repeated. */
  get elsewhere() {
    const others = [...document.querySelectorAll('attune-recommendations')].filter(
      (other) =>
        other !== this &&
        other.cards &&
        (other.answered || other.compareDocumentPosition(this) & Node.DOCUMENT_POSITION_FOLLOWING),
    );
    return new Set(others.flatMap(shownIn));
  }

  start() {
    this.stop();
    const { proxy, collect, key, filled } = this.dataset;
    if (!proxy || !collect || !key) return;
    if (filled !== undefined) return this.filled();
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
    this.answered = false;
  }

  forget() {
    this.stop();
    for (const card of this.cards) {
      delete card.dataset.request;
      card.querySelector('.attune-why')?.remove();
    }
  }

  async personalise() {
    const asked = visitor();
    const current = () => visitor() === asked && this.isConnected;
    try {
      if (this.dataset.placement === 'product') {
        const answer = await askForOrder(this.dataset, this.question({ cards: this.cards.map(productOf) }));
        if (current()) this.order(answer);
      } else {
        const cards = await this.fetchCards();
        if (current()) this.take(cards);
      }
    } catch {
      // Liquid's cards stand.
    }
    if (current()) this.watch();
  }

  question(more) {
    const { placement, rail, product, cart } = this.dataset;
    return { placement, rail, product_id: product, cart, shown: [...this.elsewhere].slice(0, 100), ...more };
  }

  /** Cards for as many places as the rail has, and a few to choose from. */
  fetchCards(places = shownIn(this).length) {
    return askForCards(this.dataset, this.question({ limit: Math.min(places + SPARE, MOST) }));
  }

  // Moved in the document, not by CSS order, for screen readers and the Tab key.
  order({ request_id: request, items, unavailable = [] }) {
    const before = this.cards;
    const places = shownIn(this).length;
    // Sold out since Liquid drew the page.
    for (const card of this.cards) if (unavailable.includes(productOf(card))) card.remove();
    const { cards } = this;
    this.parentElement.hidden = !cards.length;
    const ranked = [];
    for (const card of cards) delete card.dataset.request;
    for (const { product_id: product, reason } of items) {
      const card = cards.find((one) => productOf(one) === product);
      if (!card || card.dataset.request) continue;
      card.dataset.request = request;
      explain(card, reason);
      ranked.push(card);
    }
    this.show(this.touched ? cards : this.distinct([...ranked, ...cards]), places, before);
  }

  // Liquid's own cards fill what the answer leaves open, so that the rail keeps its size.
  take(fetched) {
    const places = shownIn(this).length;
    if (!fetched.length || !places || this.touched) return;
    const ranked = this.distinct([...fetched, ...this.cards]).slice(0, places);
    if (!ranked.some((card) => fetched.includes(card))) return;
    for (const card of ranked) explain(card, { code: card.dataset.reason });
    this.show(ranked, places, this.cards);
    const personal = ranked.some(({ dataset }) => dataset.reason && dataset.reason !== 'trending');
    if (personal && this.dataset.heading) this.parentElement.querySelector('h2').textContent = this.dataset.heading;
  }

  /** Each product once; what other rails show comes last, and only shows where nothing else is left. */
  distinct(cards) {
    const { elsewhere } = this;
    const met = new Set();
    const once = cards.filter((card) => !met.has(productOf(card)) && met.add(productOf(card)));
    const repeated = once.filter((card) => elsewhere.has(productOf(card)));
    return [...once.filter((card) => !repeated.includes(card)), ...repeated];
  }

  /** The drawer has put new cards into this rail. */
  filled() {
    if (!visitor()) return;
    for (const card of this.cards) explain(card, { code: card.dataset.reason });
    this.show(this.distinct(this.cards), this.cards.length, this.cards);
    this.watch();
  }

  // As many cards as before, so that nothing below moves. All are put in anew, as a card that is merely pushed aside
  // would count as a shift of the layout.
  show(cards, places, before) {
    const moved = cards.length !== before.length || cards.some((card, index) => card !== before[index]);
    if (moved && !this.touched) this.list.replaceChildren(...cards);
    cards.forEach((card, index) => {
      card.hidden = index >= places;
      card.dataset.position = index;
    });
    this.answered = true;
  }

  // An exposure: at least half of a card in view for one second, once a card.
  watch() {
    this.pause();
    this.exposed ??= new WeakSet();
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
    if (!visitor() || document.hidden) return;
    this.view.view.unobserve(card);
    this.exposed.add(card);
    this.report('exposure', card);
  }

  report(type, { dataset: { product, request, position } }) {
    const { placement, rail } = this.dataset;
    report({ type, placement, rail, product_id: product, request_id: request, position: Number(position) });
  }

  handleEvent({ type, target, button }) {
    if (type === 'visibilitychange') {
      if (this.view) document.hidden ? this.pause() : this.watch();
      return;
    }
    const card = target.closest('a') && target.closest('li[data-product]');
    if (!visitor() || !card || button > 1) return;
    this.report('click', card);
    flush();
    clicked(card.dataset);
  }
}

const productOf = (card) => card.dataset.product;

customElements.define('attune-recommendations', Recommendations);
