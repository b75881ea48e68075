/* Tables: a real table for assistive technology, a list of labelled values where there is no room for columns. */
define('s-table', class extends Polaris {
  static css = `:host { display: block; container-type: inline-size; overflow-x: auto; }
    .grid { display: table; width: 100%; border-collapse: collapse; } .foot { display: flex; justify-content: center; gap: 8px; padding: 8px; }
    @container (max-width: 480px) { .grid { display: block; } }
    :host([loading]) .grid { opacity: .5; }`;
  static html = `<slot name="filters"></slot><div class="grid" role="presentation"><slot></slot></div>
    <div class="foot"><button type="button" data-page="previouspage">Previous</button><button type="button" data-page="nextpage">Next</button></div>`;
  connectedCallback() {
    super.connectedCallback();
    this.watcher = this.watcher || new MutationObserver(() => this.label());
    this.watcher.observe(this, { childList: true, subtree: true });
  }
  update() {
    this.internals.role = 'table';
    this.$('.foot').hidden = !this.has('paginate');
    this.$('[data-page=previouspage]').disabled = !this.has('haspreviouspage');
    this.$('[data-page=nextpage]').disabled = !this.has('hasnextpage');
    this.$('.foot').onclick = (event) => { if (event.target.dataset.page) this.emit(event.target.dataset.page); };
    this.label();
  }
  /* Each cell learns its column's heading and format. */
  label() {
    const headers = [...this.querySelectorAll('s-table-header')];
    this.querySelectorAll('s-table-row').forEach((row) => {
      [...row.querySelectorAll(':scope > s-table-cell')].forEach((cell, place) => {
        if (headers[place] && cell.column) cell.column(headers[place]);
      });
    });
  }
});
define('s-table-header-row', class extends Polaris {
  static css = ':host { display: table-row; background: var(--subdued); } @container (max-width: 480px) { :host { display: none; } }';
  update() { this.internals.role = 'row'; }
});
define('s-table-header', class extends Polaris {
  static css = `:host { display: table-cell; padding: 8px 16px; text-align: start; font-size: 12px; font-weight: 550; color: var(--soft); white-space: nowrap; }
    :host([format=numeric]), :host([format=currency]) { text-align: end; }`;
  update() { this.internals.role = 'columnheader'; }
});
define('s-table-body', class extends Polaris {
  static css = ':host { display: table-row-group; } @container (max-width: 480px) { :host { display: block; } }';
  update() { this.internals.role = 'rowgroup'; }
});
define('s-table-row', class extends Polaris {
  static css = `:host { display: table-row; } :host(:hover) { background: #fafafa; } :host([clickdelegate]) { cursor: pointer; }
    @container (max-width: 480px) { :host { display: block; padding: 10px 16px; border-top: 1px solid var(--line); } }`;
  update() {
    this.internals.role = 'row';
    this.onclick = (event) => {
      const target = this.attr('clickdelegate') && document.getElementById(this.attr('clickdelegate'));
      if (target && !event.composedPath().includes(target)) target.click();
    };
  }
});
define('s-table-cell', class extends Polaris {
  static css = `:host { display: table-cell; padding: 8px 16px; border-top: 1px solid var(--line); vertical-align: middle; }
    :host(.end) { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
    b { display: none; font-weight: 450; color: var(--soft); }
    @container (max-width: 480px) { :host, :host(.end) { display: flex; justify-content: space-between; gap: 16px; border: 0; padding: 2px 0; text-align: start; }
      b { display: inline; flex: none; } :host(.primary) { font-weight: 650; } :host(.primary) b { display: none; } }`;
  static html = '<b aria-hidden="true"></b><slot></slot>';
  update() { this.internals.role = 'cell'; }
  column(header) {
    this.$('b').textContent = header.textContent.trim();
    this.classList.toggle('end', ['numeric', 'currency'].includes(header.getAttribute('format')));
    this.classList.toggle('primary', header.getAttribute('listslot') === 'primary');
  }
});
