// Exposures: at least half of a card in view for one second, once a card. It asks where a card stands, not whether it can
// be seen, so that a control's empty places count by the same rule.
const SEEN_MS = 1000;

export class Seen {
  /** `expose` is called with each card that was seen, and says whether that counted. */
  constructor(expose) {
    this.expose = expose;
    this.done = new WeakSet();
    this.waiting = new Map();
  }

  /** Watches these cards instead of those before. */
  watch(cards) {
    this.pause();
    this.cards = cards;
    this.view = new IntersectionObserver((entries) => entries.forEach((entry) => this.look(entry)), { threshold: 0.5 });
    for (const card of cards) if (!this.done.has(card)) this.view.observe(card);
  }

  look({ target, intersectionRatio }) {
    clearTimeout(this.waiting.get(target));
    if (intersectionRatio < 0.5) return;
    const count = () => {
      if (!this.expose(target)) return;
      this.view.unobserve(target);
      this.done.add(target);
    };
    this.waiting.set(target, setTimeout(count, SEEN_MS));
  }

  pause() {
    this.view?.disconnect();
    for (const id of this.waiting.values()) clearTimeout(id);
    this.waiting.clear();
  }

  /** Goes on after a pause. */
  resume() {
    if (this.cards) this.watch(this.cards);
  }

  stop() {
    this.pause();
    this.cards = null;
  }
}
