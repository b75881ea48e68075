// Puts the rail of the cart into the theme's cart drawer whenever that is open: after consent with cards from the app,
// without it with those that Liquid puts into the tracker of the cart page. Themes announce their drawers in many ways, so it is watched.
import { fits, paint } from './attune-arms.js';
import { askForCards, cardsOf } from './attune-ask.js';
import { onVisitor, visitor } from './attune-core.js';

const REST_MS = 80;
const PLACES = 6;
// Where a rail can stand below the lines of the cart without moving anything: the end of what scrolls.
const SCROLLING = 'cart-drawer-items, .cart-drawer__items, .drawer__contents, .drawer__body, .cart-drawer__body';
const FOOTER = '.drawer__footer, .cart-drawer__footer';
const INNER = '.drawer__inner, .cart-drawer__inner';

class DrawerRail {
  constructor(tracker) {
    this.tracker = tracker;
    this.section = tracker.querySelector('template').content.firstElementChild.cloneNode(true);
    this.rail = this.section.querySelector('attune-recommendations');
    this.rail.dataset.filled = 'drawer';
    this.section.classList.add('attune--drawer');
    this.section.hidden = true;
    // The drawer is painted long after the page.
    this.section.querySelector('script')?.remove();
    this.settled = ({ target }) => this.section.contains(target) || this.soon();
    this.list = this.rail.querySelector('ul');
    this.list.replaceChildren();
    this.section.addEventListener('focusout', () => this.soon());
    document.addEventListener('pointermove', (event) => this.follow(event), { passive: true });
    this.watcher = new MutationObserver((changes) => {
      if (changes.every((change) => this.own(change))) return;
      // The theme has drawn the drawer anew: the rail is back before anybody sees it gone.
      if (this.shown && this.drawer?.isConnected && !this.section.isConnected) this.place();
      this.soon();
    });
    this.watch();
    onVisitor(() => {
      this.shown = null;
      this.soon();
    });
  }

  own({ target, addedNodes, removedNodes }) {
    if (this.section.contains(target)) return true;
    const nodes = [...addedNodes, ...removedNodes];
    return nodes.length > 0 && nodes.every((node) => node === this.section && node.isConnected);
  }

  find() {
    try {
      return document.querySelector(this.tracker.dataset.drawer);
    } catch {
      return null; // What the merchant typed is no selector.
    }
  }

  // The drawer itself, and its neighbours, as some themes put in a new one after each change.
  watch() {
    this.watcher.disconnect();
    this.drawer = this.find();
    this.watcher.observe(this.drawer?.parentElement ?? document.body, { childList: true });
    if (!this.drawer) return;
    const attributeFilter = ['class', 'open', 'style', 'hidden', 'aria-hidden'];
    this.watcher.observe(this.drawer, { childList: true, subtree: true, attributes: true, attributeFilter });
    this.drawer.addEventListener('transitionend', this.settled);
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look().catch(() => {}), REST_MS);
  }

  get open() {
    if (!(this.drawer.checkVisibility?.({ visibilityProperty: true, opacityProperty: true }) ?? true)) return false;
    const box = (this.drawer.querySelector(INNER) ?? this.drawer).getBoundingClientRect();
    return box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
  }

  async look() {
    if (!this.drawer?.isConnected) return this.watch();
    if (!this.open) return;
    const turn = (this.turn = Symbol('turn'));
    const cart = await this.products();
    if (turn !== this.turn) return;
    if (cart === this.shown) return this.place();
    this.place();
    if (this.section.hidden) paint(this.section);
    const answer = cart ? await this.ask(cart) : { cards: [] };
    if (turn !== this.turn) return;
    this.fill(cart, answer);
  }

  /** The ids of the products in the cart. */
  async products() {
    const response = await fetch(`${this.tracker.dataset.cartUrl}.js`, { headers: { Accept: 'application/json' } });
    const { items } = await response.json();
    return [...new Set(items.map((item) => item.product_id))].slice(0, 100).join(',');
  }

  /**
   * An answer with cards of the app's, or with those of the cart page, which a control does not show either. A control
   * counts where the cart page has cards; in an experiment the other arm does so too, by `counts`.
   */
  async ask(cart) {
    const { dataset } = this.tracker;
    let answer = {};
    if (visitor()) {
      const shown = [...(this.rail.elsewhere ?? [])].slice(0, 100);
      const { arms } = this.section.dataset;
      const question = { placement: 'cart', rail: 'goes_well', cart, shown, arms, limit: PLACES };
      answer = await askForCards(dataset, question).catch(() => ({}));
      answer.silent = Boolean(answer.cards) && !fits(this.section, answer);
      if (answer.cards?.length && !answer.silent) {
        if ((arms ?? 'default') === 'default') return answer;
        const counts = this.liquids().then(({ length }) => length > 0, () => false);
        return { ...answer, counts };
      }
    }
    return { ...answer, cards: await this.liquids() };
  }

  /** The cards of the cart page. */
  async liquids() {
    const page = await fetch(this.tracker.dataset.cartUrl);
    return page.ok ? cardsOf(await page.text(), 'attune-tracker > template') : [];
  }

  fill(cart, answer) {
    const { list } = this;
    const { cards } = answer;
    if (this.touched) return this.wait(cart);
    this.shown = cart;
    this.rail.answer = answer;
    this.rail.dataset.cart = cart;
    this.section.hidden = !cards.length;
    const chosen = cards.slice(0, PLACES);
    for (const card of chosen) card.hidden = false;
    list.replaceChildren(...chosen);
    list.scrollLeft = 0;
    this.place();
    this.rail.filled?.();
  }

  // Asked of the pointer's place, as `:hover` is lost when the theme draws the drawer anew.
  get touched() {
    const { list, pointer } = this;
    return list.matches(':focus-within') || Boolean(pointer && list.contains(document.elementFromPoint(...pointer)));
  }

  follow({ pointerType, clientX, clientY }) {
    this.pointer = pointerType === 'mouse' ? [clientX, clientY] : null;
    if (!this.waiting || this.touched) return;
    this.waiting = false;
    this.soon();
  }

  // Nothing comes under a pointer or focus; only what is in the cart now goes. Once they leave, it is looked at again.
  wait(cart) {
    this.waiting = true;
    const taken = new Set(cart.split(','));
    for (const card of this.rail.querySelectorAll('li')) if (taken.has(card.dataset.product)) card.remove();
    this.place();
  }

  place() {
    const { drawer, section } = this;
    const scrolling = drawer.querySelector(SCROLLING);
    const footer = drawer.querySelector(FOOTER);
    if (scrolling) return section.parentElement === scrolling || scrolling.append(section);
    if (footer) return section.nextElementSibling === footer || footer.before(section);
    const inner = drawer.querySelector(INNER) ?? drawer;
    return section.parentElement === inner || inner.append(section);
  }
}

/** Watches the drawer that the tracker names. */
export const attach = (tracker) => {
  if (tracker.querySelector('template')) new DrawerRail(tracker);
};
