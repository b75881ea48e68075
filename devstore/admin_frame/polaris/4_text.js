/* Words: s-heading, s-text, s-paragraph, s-number, lists, badges, chips. */
const TONES = `:host([color=subdued]) { color: var(--soft); } :host([tone=critical]) { color: var(--critical); }
  :host([tone=success]) { color: var(--success); } :host([tone=warning]), :host([tone=caution]) { color: #5e4200; }
  :host([tone=info]) { color: var(--info); } :host([tone=neutral]) { color: var(--soft); }
  :host([fontvariantnumeric=tabular-nums]) { font-variant-numeric: tabular-nums; }
  :host([fontsize^=small]) { font-size: 12px; } :host([fontsize^=large]) { font-size: 16px; line-height: 24px; }
  :host([accessibilityvisibility=exclusive]) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }`;

define('s-heading', class extends Polaris {
  static css = `:host { display: block; font-size: 14px; line-height: 20px; font-weight: 650; } ${TONES}`;
  update() {
    const section = this.parentElement.closest('s-section');
    this.internals.role = this.attr('accessibilityrole') === 'presentation' ? 'presentation' : 'heading';
    this.internals.ariaLevel = String(section && section.level ? section.level + 1 : 2);
  }
});
define('s-text', class extends Polaris {
  static css = `:host { display: inline; font: inherit; color: inherit; } :host([type=strong]) { font-weight: 650; }
    :host([type=redundant]) { text-decoration: line-through; } ${TONES}`;
});
define('s-paragraph', class extends Polaris {
  static css = `:host { display: block; overflow-wrap: anywhere; } ${TONES}`;
  update() { this.internals.role = 'paragraph'; }
});
define('s-number', class extends Polaris {
  static css = `:host { display: inline; font-variant-numeric: tabular-nums; } ${TONES}`;
});

const LIST = ':host { display: block; padding-inline-start: 20px; }';
define('s-unordered-list', class extends Polaris { static css = `${LIST} :host { list-style: disc; }`; update() { this.internals.role = 'list'; } });
define('s-ordered-list', class extends Polaris { static css = `${LIST} :host { list-style: decimal; }`; update() { this.internals.role = 'list'; } });
define('s-list-item', class extends Polaris {
  static css = ':host { display: list-item; margin-bottom: 4px; }';
  update() { this.internals.role = 'listitem'; }
});

define('s-badge', class extends Polaris {
  static css = `:host { display: inline-block; padding: 0 8px; border-radius: 8px; font-size: 12px; font-weight: 550; background: var(--strong);
      color: var(--soft); white-space: nowrap; vertical-align: middle; }
    :host([tone=success]) { background: var(--success-back); color: var(--success); } :host([tone=info]) { background: var(--info-back); color: var(--info); }
    :host([tone=warning]) { background: var(--warning-back); color: var(--warning); } :host([tone=caution]) { background: var(--caution-back); color: var(--caution); }
    :host([tone=critical]) { background: var(--critical-back); color: var(--critical); }
    :host([size^=large]) { padding: 2px 10px; font-size: 13px; }`;
});

const CHIP = `:host { display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px; border-radius: 8px; background: var(--strong); font-weight: 450; }
  :host([color=strong]) { background: var(--fill); color: #fff; } button { all: unset; cursor: pointer; padding: 0 2px; }
  button:focus-visible { outline: 2px solid var(--focus); }`;
const CHIP_HTML = '<slot name="graphic"></slot><slot></slot><button type="button" class="remove" aria-label="Remove">×</button>';
class Chip extends Polaris {
  static css = CHIP;
  static html = CHIP_HTML;
  update() {
    const remove = this.$('.remove');
    remove.hidden = !this.has('removable');
    remove.onclick = (event) => { event.stopPropagation(); if (this.emit('remove', { cancelable: true })) this.hidden = true; };
  }
}
define('s-chip', Chip);
