/* What is pressed: s-button, s-link, s-clickable and kin. A button submits its form, follows a link, or commands
   another element (commandFor, command). */
const GLYPHS = {
  plus: '+', x: '×', delete: '🗑', edit: '✎', search: '⌕', refresh: '↻', 'arrow-left': '←', 'arrow-right': '→', check: '✓',
  'chevron-down': '⌄', 'chevron-right': '›', 'menu-horizontal': '⋯', info: 'ⓘ', external: '↗', 'alert-triangle': '⚠', settings: '⚙',
  view: '◉', product: '◫', person: '☺', chart: '◔', 'chart-line': '◔', calendar: '▦', export: '⤒', import: '⤓', star: '★', clock: '◷',
};
const glyph = (name) => GLYPHS[name] || '•';

const COMMANDS = { '--show': 'showOverlay', '--hide': 'hideOverlay', '--toggle': 'toggleOverlay', '--auto': 'toggleOverlay' };
const runCommand = (element) => {
  const target = element.attr('commandfor') && element.getRootNode().getElementById(element.attr('commandfor'));
  if (!target) return false;
  const command = element.attr('command', '--auto');
  if (command === '--copy') navigator.clipboard.writeText(target.textContent);
  else if (target[COMMANDS[command]]) target[COMMANDS[command]]();
  return true;
};

class Pressable extends Polaris {
  static formAssociated = true;
  static html = '<button part="control"><slot></slot></button>';

  update() {
    const wanted = this.attr('href') ? 'a' : 'button';
    let control = this.$('[part=control]');
    if (control.localName !== wanted) {
      const made = document.createElement(wanted);
      made.setAttribute('part', 'control');
      made.append(...control.childNodes);
      control.replaceWith(made);
      control = made;
    }
    if (wanted === 'a') this.link(control);
    else this.button(control);
    const label = this.attr('accessibilitylabel');
    label ? control.setAttribute('aria-label', label) : control.removeAttribute('aria-label');
  }

  link(control) {
    control.setAttribute('href', this.attr('href'));
    for (const name of ['target', 'download']) {
      this.hasAttribute(name) ? control.setAttribute(name, this.attr(name)) : control.removeAttribute(name);
    }
    if (this.attr('target') === '_blank') control.rel = 'noopener';
    control.onclick = null;
  }

  button(control) {
    control.type = 'button';
    control.disabled = this.has('disabled') || this.has('loading') || Boolean(this.formOff);
    control.setAttribute('aria-busy', String(this.has('loading')));
    control.onclick = () => queueMicrotask(() => this.press());
  }

  press() {
    if (runCommand(this)) return;
    const { form } = this.internals;
    if (form && this.attr('type') === 'submit') form.requestSubmit();
    if (form && this.attr('type') === 'reset') form.reset();
  }

  formDisabledCallback(off) { this.formOff = off; this.update(); }

  click() { this.$('[part=control]').click(); }
}

define('s-button', class extends Pressable {
  static css = `
    :host { display: inline-block; } :host([inlinesize=fill]) { display: block; }
    [part=control] { font: 550 13px/20px inherit; font-family: inherit; display: inline-flex; gap: 6px; align-items: center; justify-content: center; width: 100%; padding: 4px 12px; min-height: 28px;
      border: 0; border-radius: 8px; cursor: pointer; text-decoration: none; color: var(--ink); background: #fff; font-weight: 550; font-size: 13px;
      box-shadow: inset 0 -1px 0 #b5b5b5, inset 0 0 0 1px #e3e3e3; }
    [part=control]:hover { background: #fafafa; }
    :host([variant=primary]) [part=control] { background: var(--fill); color: #fff; box-shadow: inset 0 -1px 0 #000; }
    :host([variant=primary]) [part=control]:hover { background: #1a1a1a; }
    :host([variant=tertiary]) [part=control] { background: none; box-shadow: none; } :host([variant=tertiary]) [part=control]:hover { background: var(--strong); }
    :host([tone=critical]) [part=control] { color: var(--critical); }
    :host([tone=critical][variant=primary]) [part=control] { background: var(--critical-fill); color: #fff; box-shadow: none; }
    [part=control]:disabled { background: #ededed !important; color: #737373 !important; box-shadow: none !important; cursor: not-allowed; }
    [aria-busy=true]::before { content: ""; width: 12px; height: 12px; border-radius: 50%; border: 2px solid; border-right-color: transparent; animation: turn .8s linear infinite; }
    @keyframes turn { to { rotate: 1turn; } }
    @media (pointer: coarse) { [part=control] { min-height: 44px; } }`;
  static html = '<button part="control"><span class="icon" aria-hidden="true"></span><slot></slot></button>';
  update() {
    super.update();
    this.$('.icon').textContent = this.attr('icon') ? glyph(this.attr('icon')) : '';
    this.$('.icon').hidden = !this.attr('icon');
  }
}, true);

define('s-press-button', class extends Pressable {
  static css = `:host { display: inline-block; } [part=control] { font: inherit; padding: 4px 12px; border-radius: 8px; border: 1px solid var(--line); background: #fff; cursor: pointer; }
    [aria-pressed=true] { background: var(--strong); font-weight: 650; }`;
  update() {
    super.update();
    this.$('[part=control]').setAttribute('aria-pressed', String(this.has('pressed')));
  }
  press() { this.toggleAttribute('pressed'); }
}, true);

define('s-link', class extends Pressable {
  static css = `:host { display: inline; font: inherit; } [part=control] { font: inherit; color: var(--link); background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline; text-underline-offset: 2px; }
    [part=control]:hover { text-decoration-thickness: 2px; } :host([tone=neutral]) [part=control] { color: inherit; } :host([tone=critical]) [part=control] { color: var(--critical); }`;
}, true);

define('s-clickable', class extends Pressable {
  static css = `:host { display: block; } [part=control] { all: unset; display: block; width: 100%; cursor: pointer; border-radius: inherit; }
    [part=control]:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; } [part=control]:hover { background: rgb(0 0 0 / .03); }`;
  update() { super.update(); Box.prototype.update.call(this); }
}, true);

define('s-clickable-chip', class extends Pressable {
  static css = `${CHIP} [part=control] { all: unset; cursor: pointer; } [part=control]:focus-visible { outline: 2px solid var(--focus); }`;
  static html = `<button part="control"><slot name="graphic"></slot><slot></slot></button><button type="button" class="remove" aria-label="Remove">×</button>`;
  update() { super.update(); Chip.prototype.update.call(this); }
}, true);

define('s-button-group', class extends Polaris {
  static css = ':host { display: flex; gap: 8px; flex-wrap: wrap; } :host([gap=none]) { gap: 0; }';
  static html = '<slot name="secondary-actions"></slot><slot></slot><slot name="primary-action"></slot>';
  update() { this.internals.role = 'group'; this.internals.ariaLabel = this.attr('accessibilitylabel') || null; }
});
