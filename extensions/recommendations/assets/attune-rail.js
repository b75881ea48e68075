// The rail's element, defined once there has been consent: it asks the app as the rail comes near the view, re-orders
// the cards of a product page or takes others on the home and cart pages, and reports what was seen and clicked. In a
// control of an experiment it asks and reports alike, and shows nothing of ours.
import { fits, paint, paintedAs } from './attune-arms.js';
import { askForCards, askForOrder, askShopify } from './attune-ask.js';
import { clicked } from './attune-cart.js';
import { above, count } from './attune-control.js';
import { flush, onVisitor, report, visitor } from './attune-core.js';
import { roomOf, settle } from './attune-empty.js';
import { Seen } from './attune-seen.js';
import { explain } from './attune-why.js';

const SPARE = 4;
const MOST = 20;

let defined = false;

const shownIn = (rail) => rail.places.filter((card) => !card.inert).map(productOf);

class Recommendations extends HTMLElement {
  seen = new Seen((card) => this.expose(card));

  connectedCallback() {
    // The theme has drawn it anew, without running the script that stands in it.
    if (defined && !this.met && this.dataset.filled === undefined) paint(this.section);
    this.met = true;
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

  /** The cards that show. */
  get places() {
    return this.cards.filter((card) => !card.hidden);
  }

  get list() {
    return this.querySelector('ul');
  }

  get section() {
    return this.parentElement;
  }

  get painted() {
    return paintedAs(this.section);
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
        !other.section.matches('[hidden], .attune--held') &&
        (other.answered || !this.dataset.most && other.compareDocumentPosition(this) & Node.DOCUMENT_POSITION_FOLLOWING),
    );
    return new Set(others.flatMap(shownIn));
  }

  start() {
    this.stop();
    const { proxy, collect, key, filled } = this.dataset;
    if (!proxy || !collect || !key) return;
    if (filled !== undefined) return this.filled();
    // Hidden as it is, it would never come near the view.
    if (this.dataset.most) return this.personalise();
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
    this.seen.stop();
    this.answered = false;
    this.silent = false;
    this.request = undefined;
  }

  forget() {
    this.stop();
    for (const card of this.cards) {
      delete card.dataset.request;
      card.querySelector('.attune-why')?.remove();
    }
    settle(this, { gone: true });
  }

  async personalise() {
    const asked = visitor();
    const current = () => visitor() === asked && this.isConnected;
    try {
      const answer = await this.ask();
      if (current()) this.take(answer);
    } catch {
      // Liquid's cards stand.
    }
    if (current()) this.watch();
  }

  watch() {
    if (!this.silent) this.seen.watch(this.places);
  }

  async ask() {
    const { dataset, places } = this;
    if (this.painted === 'native') {
      const native = await askShopify(dataset, above(this), places.length);
      return askForCards(dataset, this.question({ native, limit: native.length || undefined }));
    }
    const answer =
      dataset.placement === 'product'
        ? await askForOrder(dataset, this.question({ cards: this.cards.map(productOf) }))
        : { fetch: true };
    if (!answer.fetch) return answer;
    // For as many places as the rail has, and a few to choose from.
    const fetched = await askForCards(dataset, this.question({ limit: Math.min(roomOf(this) + SPARE, MOST) }));
    return { ...fetched, unavailable: answer.unavailable };
  }

  question(more) {
    const { placement, rail, product, cart } = this.dataset;
    const { arms } = this.section.dataset;
    return { placement, rail, product_id: product, cart, shown: [...this.elsewhere].slice(0, 100), arms, ...more };
  }

  take(answer) {
    const { items, unavailable = [], cards } = answer;
    const before = this.cards;
    const places = roomOf(this);
    // Sold out since Liquid drew the page.
    for (const card of before) if (unavailable.includes(productOf(card))) card.remove();
    if (before.length && !this.cards.length) this.section.hidden = true;
    this.silent = !fits(this.section, answer);
    this.request = answer.request_id;
    if (this.silent) this.show(this.cards, places, before);
    else if (this.painted !== 'ours') count(this, answer, places);
    else if (items) this.order(answer, places, before);
    else this.exchange(cards, places, before);
    settle(this);
  }

  // Moved in the document, not by CSS order, for screen readers and the Tab key.
  order({ request_id: request, items }, places, before) {
    const { cards } = this;
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
  exchange(fetched, places, before) {
    const { cards } = this;
    const ranked = this.distinct([...fetched, ...cards]).slice(0, places);
    if (this.touched || !ranked.some((card) => fetched.includes(card))) return this.show(cards, places, before);
    for (const card of ranked) explain(card, { code: card.dataset.reason });
    this.show(ranked, places, before);
    const personal = ranked.some(({ dataset }) => dataset.reason && dataset.reason !== 'trending');
    const heading = this.section.dataset.title ? '' : this.dataset.heading;
    if (personal && heading) this.section.querySelector('h2').textContent = heading;
  }

  /** Each product once; what other rails show comes last, and only shows where nothing else is left. */
  distinct(cards) {
    const { elsewhere } = this;
    const met = new Set();
    const once = cards.filter((card) => !met.has(productOf(card)) && met.add(productOf(card)));
    const repeated = once.filter((card) => elsewhere.has(productOf(card)));
    return [...once.filter((card) => !repeated.includes(card)), ...repeated];
  }

  /** The drawer has put the cards of this answer into the rail, or Liquid's. */
  async filled() {
    const asked = visitor();
    if (!asked) return;
    const { answer = {} } = this;
    this.silent = Boolean(answer.silent);
    this.seen.stop();
    if (this.painted === 'ours') {
      for (const card of this.cards) explain(card, { code: card.dataset.reason });
      this.show(this.distinct(this.cards), this.cards.length, this.cards);
    } else count(this, answer, this.cards.length);
    const counts = (await answer.counts) ?? true;
    if (visitor() !== asked || this.answer !== answer || !this.isConnected) return;
    this.request = counts ? answer.request_id : undefined;
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

  expose(card) {
    if (!visitor() || document.hidden) return false;
    this.report('exposure', card);
    return true;
  }

  // A click belongs to the answer that chose the card; what is in view to the rail's answer, whoever chose it, as in
  // a control, where nothing is chosen.
  report(type, { dataset: { product, request, position, ghost } }) {
    const { placement, rail } = this.dataset;
    const request_id = type === 'click' ? request : this.request;
    const control = this.painted === 'ours' ? {} : { product_id: ghost ?? product, ghost: true };
    report({ type, placement, rail, product_id: product, request_id, position: Number(position), ...control });
  }

  handleEvent({ type, target, button }) {
    if (type === 'visibilitychange') {
      document.hidden ? this.seen.pause() : this.seen.resume();
      return;
    }
    if (this.silent || this.painted !== 'ours') return;
    const card = target.closest('a') && target.closest('li[data-product]');
    if (!visitor() || !card || button > 1) return;
    this.report('click', card);
    flush();
    clicked(card.dataset);
  }
}

const productOf = (card) => card.dataset.product;

customElements.define('attune-recommendations', Recommendations);
defined = true;
