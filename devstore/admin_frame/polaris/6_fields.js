/* Fields that are typed into. They belong to their form: name and value are submitted, reset restores, required holds. */
const FIELD = `
  :host { display: block; min-width: 0; }
  label { display: block; margin-bottom: 4px; }
  :host([labelaccessibilityvisibility=exclusive]) label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .frame { display: flex; align-items: center; gap: 6px; background: #fdfdfd; border: 1px solid var(--field); border-radius: 8px; padding: 0 12px; min-height: 32px; }
  .frame:focus-within { outline: 2px solid var(--focus); outline-offset: 1px; }
  .frame.bad { border-color: var(--critical); background: var(--critical-back); }
  .frame.off { background: #f2f2f2; border-color: #d4d4d4; color: #737373; }
  input, textarea, select { all: unset; flex: 1; min-width: 0; width: 100%; font: inherit; color: inherit; padding: 5px 0; overflow-wrap: anywhere; white-space: pre-wrap; }
  input:focus-visible, textarea:focus-visible, select:focus-visible { outline: none; }
  ::placeholder { color: #6d7175; }
  .fix { color: var(--soft); } .fix:empty { display: none; }
  .details { color: var(--soft); font-size: 12px; margin-top: 4px; } .error { color: var(--critical); margin-top: 4px; }
  .details:empty, .error:empty { display: none; }`;

/* A label, the control, details and error below it; shared by everything with a name and a value. */
class Field extends Polaris {
  static formAssociated = true;
  static css = FIELD;
  static html = '';

  get control() { return this.$('[part=control]'); }
  get value() { return this.held ?? this.attr('value'); }
  set value(text) { this.held = String(text ?? ''); this.show(); }
  get name() { return this.attr('name'); }
  set name(text) { this.setAttribute('name', text); }
  get form() { return this.internals.form; }
  get validity() { return this.internals.validity; }
  checkValidity() { return this.internals.checkValidity(); }
  reportValidity() { return this.internals.reportValidity(); }

  connectedCallback() {
    super.connectedCallback();
    if (this.wired) return;
    this.wired = true;
    this.control.addEventListener('input', () => { this.held = this.control.value; this.keep(); });
    this.control.addEventListener('change', () => { this.held = this.control.value; this.keep(); this.emit('change'); });
  }

  update() {
    this.$('label').textContent = this.attr('label');
    this.$('label').hidden = !this.attr('label');
    this.$('.details').textContent = this.attr('details');
    this.$('.error').textContent = this.attr('error');
    const off = this.has('disabled') || Boolean(this.formOff);
    this.control.disabled = off;
    this.control.required = this.has('required');
    this.control.setAttribute('aria-invalid', String(Boolean(this.attr('error'))));
    if (this.$('.frame')) {
      this.$('.frame').classList.toggle('bad', Boolean(this.attr('error')));
      this.$('.frame').classList.toggle('off', off);
    }
    this.show();
  }

  show() { if (this.control.value !== this.value) this.control.value = this.value; this.keep(); }

  keep() {
    this.internals.setFormValue(this.value);
    const { validity, validationMessage } = this.control;
    this.internals.setValidity(validity.valid ? {} : validity, validationMessage, this.control);
  }

  formResetCallback() { this.held = undefined; this.show(); }
  formDisabledCallback(off) { this.formOff = off; this.update(); }
}

const typed = (control) => `<label for="control"></label><div class="frame"><span class="fix before"></span>${control}<span class="fix after"></span><slot name="accessory"></slot></div>
  <div class="details" id="details"></div><div class="error" id="error"></div>`;

class TextField extends Field {
  static type = 'text';
  static html = typed('<input id="control" part="control" aria-describedby="details error">');

  update() {
    const { control } = this;
    if (control.localName === 'input') control.type = this.constructor.type;
    for (const name of ['placeholder', 'min', 'max', 'step', 'minlength', 'maxlength', 'autocomplete', 'rows', 'inputmode']) {
      this.hasAttribute(name) ? control.setAttribute(name, this.attr(name)) : control.removeAttribute(name);
    }
    control.readOnly = this.has('readonly');
    this.$('.before').textContent = this.attr('prefix') || this.sign || '';
    this.$('.after').textContent = this.attr('suffix');
    super.update();
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.listening || this.control.localName !== 'input') return;
    this.listening = true;
    this.control.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && this.form) this.form.requestSubmit();
    });
  }
}

const typedAs = (type) => class extends TextField { static type = type; };
define('s-text-field', TextField, true);
define('s-email-field', typedAs('email'), true);
define('s-url-field', typedAs('url'), true);
define('s-password-field', typedAs('password'), true);
define('s-number-field', typedAs('number'), true);
define('s-date-field', typedAs('date'), true);
define('s-date-picker', typedAs('date'), true);
define('s-search-field', class extends TextField { static type = 'search'; get sign() { return '⌕'; } }, true);
define('s-money-field', class extends TextField {
  static type = 'number';
  get sign() { return { USD: '$', GBP: '£', EUR: '€' }[this.attr('currencycode')] || this.attr('currencycode'); }
}, true);
define('s-color-field', class extends TextField { get sign() { return '◼'; } }, true);
define('s-color-picker', typedAs('color'), true);
define('s-text-area', class extends TextField {
  static html = typed('<textarea id="control" part="control" aria-describedby="details error"></textarea>');
}, true);

define('s-select', class extends Field {
  static html = typed('<select id="control" part="control" aria-describedby="details error"></select><span class="fix" aria-hidden="true">⌄</span>');
  connectedCallback() {
    super.connectedCallback();
    this.watcher = this.watcher || new MutationObserver(() => this.update());
    this.watcher.observe(this, { childList: true, subtree: true, attributes: true, characterData: true });
  }
  update() {
    const copy = (from) => [...from.children].flatMap((child) => {
      if (child.localName === 's-option') {
        const option = new Option(child.textContent.trim(), child.getAttribute('value') ?? child.textContent.trim(), child.hasAttribute('selected'));
        option.disabled = child.hasAttribute('disabled');
        return [option];
      }
      if (child.localName !== 's-option-group') return [];
      const group = Object.assign(document.createElement('optgroup'), { label: child.getAttribute('label') || '' });
      group.append(...copy(child));
      return [group];
    });
    const options = copy(this);
    if (this.attr('placeholder')) options.unshift(Object.assign(new Option(this.attr('placeholder'), ''), { disabled: true }));
    this.control.replaceChildren(...options);
    const chosen = this.querySelector('s-option[selected]');
    this.initial = this.attr('value') || (chosen && (chosen.getAttribute('value') ?? chosen.textContent.trim())) || '';
    if (!this.initial && !this.attr('placeholder') && options.length) this.initial = this.control.value;
    super.update();
  }
  get value() { return this.held ?? this.initial ?? ''; }
  set value(text) { this.held = String(text ?? ''); this.show(); }
}, true);
define('s-option', class extends Polaris { static css = ':host { display: none; }'; });
define('s-option-group', class extends Polaris { static css = ':host { display: none; }'; });
