/* Suggestions below the search field, fetched as a section while the visitor types. */
(() => {
  'use strict';
  const PAUSE_MS = 200;

  class PredictiveSearch extends HTMLElement {
    connectedCallback() {
      this.input = this.querySelector('input[type=search]');
      this.results = this.querySelector('[data-suggestions]');
      this.input.addEventListener('input', () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.suggest(this.input.value.trim()), PAUSE_MS);
      });
      this.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || this.results.hidden) return;
        event.preventDefault();
        this.close();
        this.input.focus();
      });
      this.addEventListener('focusout', ({ relatedTarget }) => { if (!this.contains(relatedTarget)) this.close(); });
      this.input.addEventListener('focus', () => { if (this.input.value.trim() && this.results.childElementCount) this.show(); });
    }

    async suggest(terms) {
      if (!terms) return this.close();
      const query = new URLSearchParams({ q: terms, section_id: 'predictive-search', 'resources[limit]': 5 });
      try {
        const answer = await fetch(`${this.dataset.url}?${query}`);
        if (!answer.ok || terms !== this.input.value.trim()) return undefined;
        const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html');
        this.results.replaceChildren(...drawn.querySelector('.shopify-section').childNodes);
        return this.show();
      } catch {
        return this.close();
      }
    }

    show() { this.results.hidden = false; }

    close() { this.results.hidden = true; }
  }
  customElements.define('predictive-search', PredictiveSearch);
})();
