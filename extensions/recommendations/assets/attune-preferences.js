// "Your preferences": what is known of the shopper, switches, and buttons that hide a product or bring it back. Words
// are Liquid's; here products get their titles, and what the shopper does is sent at once.
import { onVisitor, visitor } from './attune-core.js';

const PATIENCE_MS = 8000;

class Preferences extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector('form');
    form.addEventListener('change', ({ target }) => this.send({ [target.name]: target.checked }));
    form.addEventListener('click', ({ target }) => {
      if ('forget' in target.dataset) this.send({ forget: true });
      else if (target.dataset.verb) this.send({ [target.dataset.verb]: { product: target.dataset.product } });
    });
    this.stop = onVisitor(() => this.show());
    if (!visitor()) this.show();
  }

  disconnectedCallback() {
    this.stop();
  }

  address() {
    const { proxy, root = '/' } = this.dataset;
    const query = new URLSearchParams(visitor() ? { visitor: visitor() } : {});
    return `${root.replace(/\/$/, '')}${proxy}/v1/preferences?${query}`;
  }

  async show(options = {}) {
    const somebody = this.dataset.proxy && (visitor() || 'signedIn' in this.dataset);
    this.reveal(Boolean(somebody));
    if (!somebody) return false;
    const answer = await fetch(this.address(), { ...options, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
    if (!answer?.ok) return false;
    this.draw(await answer.json());
    return true;
  }

  async send(wish) {
    const form = this.querySelector('form');
    form.setAttribute('aria-busy', 'true');
    const body = JSON.stringify(wish);
    const done = await this.show({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    form.removeAttribute('aria-busy');
    const said = this.querySelector('[data-said]');
    said.textContent = done ? said.dataset.saved : said.dataset.failed;
    // What could not be kept is shown as it stands.
    if (!done) await this.show();
  }

  reveal(somebody) {
    this.querySelector('form').hidden = !somebody;
    this.querySelector('[data-nobody]').hidden = somebody;
  }

  draw({ settings, known, hidden }) {
    for (const box of this.querySelectorAll('input[type=checkbox]')) box.checked = settings[box.name] !== false;
    const lists = new Map(known.map(({ kind, products }) => [kind, products]));
    lists.set('hidden', hidden.products);
    for (const section of this.querySelectorAll('section[data-kind]')) {
      const products = lists.get(section.dataset.kind) ?? [];
      section.hidden = products.length === 0;
      const verb = section.dataset.kind === 'hidden' ? 'show' : 'hide';
      section.querySelector('ul').replaceChildren(...products.map((product) => this.row(product, verb)));
    }
  }

  row({ product_id: id, title, handle }, verb) {
    const words = this.querySelector(`template[data-${verb}]`).content.textContent;
    const link = document.createElement('a');
    link.href = `${(this.dataset.root ?? '/').replace(/\/$/, '')}/products/${handle}`;
    link.textContent = title;
    const button = document.createElement('button');
    button.type = 'button';
    Object.assign(button.dataset, { verb, product: id });
    button.textContent = words;
    button.setAttribute('aria-label', `${words}: ${title}`);
    const item = document.createElement('li');
    item.append(link, ' ', button);
    return item;
  }
}

customElements.get('attune-preferences') ?? customElements.define('attune-preferences', Preferences);
