/* Shopify's own recommendations, fetched as a section when their place comes near the window. */
(() => {
  'use strict';
  class ProductRecommendations extends HTMLElement {
    connectedCallback() {
      const near = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        this.load();
      }, { rootMargin: '0px 0px 400px 0px' });
      near.observe(this);
    }

    async load() {
      try {
        const answer = await fetch(this.dataset.url);
        const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html');
        const filled = drawn.querySelector('product-recommendations');
        if (filled && filled.querySelector('li[data-product]')) this.replaceChildren(...filled.childNodes);
        else this.hidden = true;
      } catch {
        this.hidden = true;
      }
      this.dataset.loaded = '';
    }
  }
  customElements.define('product-recommendations', ProductRecommendations);
})();
