/* The cart drawer, and product forms that add to it without leaving the page.

   Both are drawn by the server: what changes is fetched as sections and put in place of the old ones. Where this script
   does not run, the forms post as they are. */
(() => {
  'use strict';
  const SECTIONS = 'cart-drawer,cart-count';
  const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), select, textarea';
  const root = Shopify.routes.root;
  const drawer = () => document.querySelector('cart-drawer');

  /* Only what is inside is exchanged: the elements that listen stay. */
  const draw = (sections) => {
    const parsed = new DOMParser();
    const count = parsed.parseFromString(sections['cart-count'], 'text/html').querySelector('[data-cart-count]');
    document.querySelectorAll('[data-cart-count]').forEach((old) => old.replaceWith(count.cloneNode(true)));
    const inner = parsed.parseFromString(sections['cart-drawer'], 'text/html').querySelector('.drawer__inner');
    drawer().querySelector('.drawer__inner').replaceChildren(...inner.childNodes);
  };

  const post = async (path, body) => {
    body.append('sections', SECTIONS);
    body.append('sections_url', location.pathname);
    const answer = await fetch(root + path, { method: 'POST', body, headers: { Accept: 'application/json' } });
    return answer.json();
  };

  class CartDrawer extends HTMLElement {
    connectedCallback() {
      this.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') this.close();
        if (event.key === 'Tab') this.keepFocus(event);
      });
      this.addEventListener('click', (event) => {
        if (event.target.closest('[data-drawer-close]')) this.close();
        const step = event.target.closest('[data-line-quantity]');
        if (step) {
          event.preventDefault();
          this.change(step.dataset.key, step.dataset.lineQuantity, step.dataset.step);
        }
      });
      document.querySelectorAll('[data-drawer-open]').forEach((link) => {
        link.setAttribute('role', 'button');
        link.setAttribute('aria-haspopup', 'dialog');
        link.addEventListener('click', (event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          this.open(link);
        });
      });
    }

    get inner() { return this.querySelector('.drawer__inner'); }

    open(opener) {
      this.opener = opener;
      this.classList.add('active');
      this.inner.removeAttribute('inert');
      document.body.classList.add('overflow-hidden');
      this.inner.focus();
    }

    close() {
      this.classList.remove('active');
      this.inner.setAttribute('inert', '');
      document.body.classList.remove('overflow-hidden');
      if (this.opener) this.opener.focus();
    }

    keepFocus(event) {
      const found = [...this.inner.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent);
      const [first, last] = [found[0], found[found.length - 1]];
      const inside = document.activeElement;
      if (event.shiftKey && (inside === first || inside === this.inner)) {
        event.preventDefault();
        last.focus();
      } else if (!event.shiftKey && inside === last) {
        event.preventDefault();
        first.focus();
      }
    }

    async change(key, quantity, step) {
      this.inner.setAttribute('aria-busy', 'true');
      const body = new FormData();
      body.append('id', key);
      body.append('quantity', quantity);
      try {
        const cart = await post('cart/change.js', body);
        if (!cart.sections) throw new Error(cart.description);
        draw(cart.sections);
        const same = this.querySelector(`[data-key="${CSS.escape(key)}"][data-step="${step}"]`);
        (same || this.inner).focus();
      } catch (error) {
        this.querySelector('[data-drawer-error]').textContent = error.message;
      }
      this.inner.removeAttribute('aria-busy');
    }
  }

  class ProductForm extends HTMLElement {
    connectedCallback() {
      this.addEventListener('submit', (event) => {
        // A script before us may have dealt with it; without a drawer the form leads to the cart.
        if (event.defaultPrevented || !drawer()) return;
        event.preventDefault();
        this.add(event.target);
      });
    }

    async add(form) {
      const button = form.querySelector('[type=submit]');
      const message = this.querySelector('[data-form-error]');
      button.setAttribute('aria-disabled', 'true');
      message.hidden = true;
      try {
        const item = await post('cart/add.js', new FormData(form));
        if (item.status) throw new Error(item.description);
        draw(item.sections);
        drawer().open(button);
      } catch (error) {
        message.textContent = error.message;
        message.hidden = false;
      }
      button.removeAttribute('aria-disabled');
    }
  }

  customElements.define('cart-drawer', CartDrawer);
  customElements.define('product-form', ProductForm);
})();
