/* Pictures and signs of progress, and whatever of the list has no stand-in of its own yet. */
const PICTURE = ':host { display: inline-block; } img { display: block; max-width: 100%; }';
define('s-image', class extends Polaris {
  static css = `${PICTURE} :host { display: block; } img { width: 100%; }`;
  static html = '<img>';
  update() {
    const image = this.$('img');
    for (const name of ['src', 'srcset', 'sizes', 'loading']) if (this.hasAttribute(name)) image.setAttribute(name, this.attr(name));
    image.alt = this.attr('alt');
    this.dynamic.replaceSync(`img { aspect-ratio: ${this.attr('aspectratio', 'auto')}; object-fit: ${this.attr('objectfit', 'cover')};
      border-radius: ${each(RADIUS, this.attr('borderradius', 'none'))}; } :host { inline-size: ${this.attr('inlinesize') === 'auto' ? 'auto' : '100%'}; }`);
    image.onload = () => this.emit('load');
    image.onerror = () => this.emit('error');
  }
});
define('s-thumbnail', class extends Polaris {
  static css = `${PICTURE} img, .none { width: 40px; height: 40px; border-radius: 8px; border: 1px solid var(--line); object-fit: cover; background: var(--subdued); display: block; }
    :host([size=small]) :is(img, .none), :host([size=small-100]) :is(img, .none) { width: 28px; height: 28px; } :host([size=small-200]) :is(img, .none) { width: 24px; height: 24px; }
    :host([size=large]) :is(img, .none) { width: 60px; height: 60px; } :host([size=large-100]) :is(img, .none) { width: 80px; height: 80px; }`;
  static html = '<img loading="lazy"><span class="none"></span>';
  update() {
    this.$('img').hidden = !this.attr('src');
    this.$('.none').hidden = Boolean(this.attr('src'));
    if (this.attr('src')) this.$('img').src = this.attr('src');
    this.$('img').alt = this.attr('alt');
  }
});
define('s-avatar', class extends Polaris {
  static css = ':host { display: inline-grid; place-items: center; width: 32px; height: 32px; border-radius: 8px; background: #c9e5d8; font-weight: 650; overflow: hidden; } img { width: 100%; }';
  static html = '<img><span></span>';
  update() {
    this.$('img').hidden = !this.attr('src');
    if (this.attr('src')) this.$('img').src = this.attr('src');
    this.$('img').alt = this.attr('alt');
    this.$('span').textContent = this.attr('src') ? '' : this.attr('initials');
  }
});
define('s-icon', class extends Polaris {
  static css = `:host { display: inline-block; width: 20px; text-align: center; } ${TONES}`;
  static html = '<span aria-hidden="true"></span>';
  update() { this.$('span').textContent = glyph(this.attr('type')); }
});
define('s-spinner', class extends Polaris {
  static css = `:host { display: inline-block; width: 24px; height: 24px; border-radius: 50%; border: 3px solid var(--line); border-top-color: #616161; animation: turn .8s linear infinite; }
    :host([size^=large]) { width: 44px; height: 44px; } @keyframes turn { to { rotate: 1turn; } } @media (prefers-reduced-motion: reduce) { :host { animation-duration: 4s; } }`;
  update() { this.internals.role = 'status'; this.internals.ariaLabel = this.attr('accessibilitylabel', 'Loading'); }
});
define('s-progress', class extends Polaris {
  static css = `:host { display: block; height: 8px; border-radius: 4px; background: var(--strong); overflow: hidden; } div { height: 100%; border-radius: 4px; background: var(--fill); transition: width .3s; }
    :host([tone=success]) div { background: #29845a; } :host([tone=critical]) div { background: var(--critical-fill); } div.unknown { width: 30% !important; animation: slide 1.2s ease-in-out infinite alternate; }
    @keyframes slide { to { margin-left: 70%; } }`;
  static html = '<div></div>';
  update() {
    const max = Number(this.attr('max', '1')) || 1;
    const value = this.hasAttribute('value') ? Math.min(max, Math.max(0, Number(this.attr('value')))) : null;
    Object.assign(this.internals, { role: 'progressbar', ariaLabel: this.attr('accessibilitylabel') || 'Progress', ariaValueMin: '0', ariaValueMax: String(max), ariaValueNow: value === null ? null : String(value) });
    this.$('div').classList.toggle('unknown', value === null);
    this.dynamic.replaceSync(`div { width: ${((value ?? 0) / max) * 100}%; }`);
  }
});
define('s-drop-zone', class extends Polaris {
  static formAssociated = true;
  static css = ':host { display: block; } label { display: block; border: 1px dashed var(--field); border-radius: 8px; padding: 20px; text-align: center; background: #fff; }';
  static html = '<label><span></span><br><input type="file" part="control"></label><slot></slot>';
  get files() { return this.$('input').files; }
  update() {
    this.$('span').textContent = this.attr('label');
    Object.assign(this.$('input'), { multiple: this.has('multiple'), accept: this.attr('accept'), disabled: this.has('disabled') });
    this.$('input').onchange = () => {
      const data = new FormData();
      [...this.files].forEach((file) => data.append(this.attr('name'), file));
      this.internals.setFormValue(this.attr('name') ? data : null);
      this.emit('change');
    };
  }
}, true);

Object.keys(ELEMENTS).filter((tag) => !customElements.get(tag)).forEach((tag) => define(tag, Polaris));
