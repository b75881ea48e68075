/* Things that are ticked: s-checkbox, s-switch, s-choice-list with its s-choice. */
const TICK = `
  :host { display: block; } .row { display: flex; gap: 8px; align-items: flex-start; cursor: pointer; }
  .row > span { min-width: 0; }
  input { accent-color: var(--fill); width: 16px; height: 16px; margin: 2px 0 0; flex: none; }
  :host([labelaccessibilityvisibility=exclusive]) .label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .details { color: var(--soft); font-size: 12px; } .error { color: var(--critical); } .details:empty, .error:empty { display: none; }`;
const TICK_HTML = `<label class="row"><input type="checkbox" part="control"><span><span class="label"></span><span class="details" style="display:block"></span></span></label><div class="error" role="alert"></div>`;

class Checkbox extends Polaris {
  static formAssociated = true;
  static css = TICK;
  static html = TICK_HTML;

  get checked() { return this.held ?? this.has('checked'); }
  set checked(on) { this.held = Boolean(on); this.update(); }
  get form() { return this.internals.form; }

  update() {
    const box = this.$('input');
    box.checked = this.checked;
    box.indeterminate = this.has('indeterminate');
    box.disabled = this.has('disabled') || Boolean(this.formOff);
    box.required = this.has('required');
    const label = this.attr('accessibilitylabel');
    label ? box.setAttribute('aria-label', label) : box.removeAttribute('aria-label');
    this.$('.label').textContent = this.attr('label');
    this.$('.details').textContent = this.attr('details');
    this.$('.error').textContent = this.attr('error');
    box.onchange = () => { this.held = box.checked; this.keep(); this.emit('change'); };
    this.keep();
  }

  keep() {
    this.internals.setFormValue(this.checked ? this.attr('value', 'on') : null);
    const missing = this.has('required') && !this.checked;
    this.internals.setValidity(missing ? { valueMissing: true } : {}, missing ? 'Please tick this box' : '', this.$('input'));
  }

  formResetCallback() { this.held = undefined; this.update(); }
  formDisabledCallback(off) { this.formOff = off; this.update(); }
}
define('s-checkbox', Checkbox, true);
define('s-switch', class extends Checkbox {
  static css = `${TICK}
    input { appearance: none; width: 32px; height: 20px; border-radius: 10px; background: #8a8a8a; position: relative; margin: 0; cursor: pointer; transition: background .15s; }
    input::after { content: ""; position: absolute; width: 16px; height: 16px; border-radius: 50%; background: #fff; top: 2px; left: 2px; transition: left .15s; }
    input:checked { background: var(--fill); } input:checked::after { left: 14px; } input:disabled { opacity: .5; }`;
  update() { super.update(); this.$('input').setAttribute('role', 'switch'); }
}, true);

define('s-choice-list', class extends Polaris {
  static formAssociated = true;
  static css = `:host { display: block; } .label { margin-bottom: 4px; font-weight: 550; } .label:empty, .details:empty, .error:empty { display: none; }
    :host([labelaccessibilityvisibility=exclusive]) .label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .choices { display: flex; flex-direction: column; gap: 6px; } .details { color: var(--soft); font-size: 12px; } .error { color: var(--critical); }`;
  static html = '<div class="label" id="label"></div><div class="details"></div><div class="choices"><slot></slot></div><div class="error" role="alert"></div>';

  get choices() { return [...this.querySelectorAll('s-choice')]; }
  get values() { return this.choices.filter((choice) => choice.selected).map((choice) => choice.value); }
  set values(wanted) { this.choices.forEach((choice) => { choice.selected = wanted.includes(choice.value); }); this.keep(); }
  get form() { return this.internals.form; }

  update() {
    this.internals.role = this.has('multiple') ? 'group' : 'radiogroup';
    this.internals.ariaLabel = this.attr('label') || null;
    for (const name of ['label', 'details', 'error']) this.$(`.${name}`).textContent = this.attr(name);
    this.choices.forEach((choice) => choice.update && choice.update());
    this.keep();
  }

  picked(choice) {
    if (!this.has('multiple')) this.choices.forEach((other) => { other.selected = other === choice; });
    this.keep();
    this.emit('input');
    this.emit('change');
  }

  keep() {
    const data = new FormData();
    this.values.forEach((value) => data.append(this.attr('name'), value));
    this.internals.setFormValue(this.attr('name') ? data : null);
  }

  formResetCallback() { this.choices.forEach((choice) => choice.restore()); this.keep(); }
});

define('s-choice', class extends Polaris {
  static css = TICK;
  static html = `<label class="row"><input part="control"><span><slot></slot><span class="details" style="display:block"><slot name="details"></slot></span></span></label><slot name="secondary-content"></slot>`;
  get list() { return this.closest('s-choice-list'); }
  get value() { return this.attr('value', this.textContent.trim()); }
  get selected() { return this.held ?? this.has('selected'); }
  set selected(on) { this.held = Boolean(on); this.update(); }
  restore() { this.held = undefined; this.update(); }
  update() {
    const box = this.$('input');
    const many = Boolean(this.list && this.list.has('multiple'));
    box.type = many ? 'checkbox' : 'radio';
    box.checked = this.selected;
    box.disabled = this.has('disabled') || Boolean(this.list && this.list.has('disabled'));
    box.onchange = () => { this.held = box.checked; if (this.list) this.list.picked(this); };
    const own = [...this.childNodes].filter((node) => !node.slot);
    box.setAttribute('aria-label', this.attr('accessibilitylabel') || own.map((node) => node.textContent).join('').trim());
    box.onkeydown = (event) => this.move(event, many);
  }
  /* Radios of one group lie in different shadow roots, so the browser does not move between them. */
  move(event, many) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || many || !this.list) return;
    event.preventDefault();
    const free = this.list.choices.filter((choice) => !choice.has('disabled'));
    const next = free[(free.indexOf(this) + step + free.length) % free.length];
    this.list.picked(next);
    next.$('input').focus();
  }
}, true);
