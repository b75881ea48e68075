/* The page and what it is made of: s-page, s-section, s-banner, s-empty-state. */
define('s-page', class extends Polaris {
  static css = `
    :host { display: block; padding: 16px 16px 48px; container-type: inline-size; }
    .inner { max-width: 998px; margin-inline: auto; }
    :host([inlinesize=large]) .inner { max-width: none; } :host([inlinesize=small]) .inner { max-width: 662px; }
    header { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; margin-bottom: 16px; min-height: 28px; }
    h1 { font-size: 20px; line-height: 24px; font-weight: 650; margin: 0; flex: 1 1 auto; min-width: 60%; overflow-wrap: anywhere; }
    .actions { display: flex; gap: 8px; flex-wrap: wrap; }
    .columns { display: grid; gap: 16px; align-items: start; }
    .main, .aside { display: flex; flex-direction: column; gap: 16px; min-width: 0; }
    @container (min-width: 760px) { .with-aside { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); } h1 { min-width: 0; } }`;
  static html = `<div class="inner"><header><slot name="breadcrumb-actions"></slot><h1></h1>
    <span class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></span></header>
    <slot name="supplemental-start"></slot>
    <div class="columns"><div class="main"><slot></slot></div><div class="aside"><slot name="aside"></slot></div></div></div>`;
  update() {
    const heading = this.attr('heading');
    this.$('h1').textContent = heading;
    this.$('h1').hidden = !heading;
    const aside = Boolean(this.querySelector(':scope > [slot=aside]'));
    this.$('.columns').classList.toggle('with-aside', aside);
    this.$('.aside').hidden = !aside;
  }
});

define('s-section', class extends Polaris {
  static css = `
    :host { display: block; background: #fff; border-radius: 12px; padding: 16px; min-width: 0;
      box-shadow: 0 1px 0 rgb(26 26 26 / .07), 0 0 0 1px rgb(0 0 0 / .06); container-type: inline-size; }
    :host([padding=none]) { padding-inline: 0; padding-bottom: 0; overflow: hidden; }
    :host([padding=none]) header { padding-inline: 16px; }
    :host(.nested) { background: none; box-shadow: none; border-radius: 0; padding: 0; }
    header { display: flex; gap: 8px; align-items: center; }
    header:not([hidden]) { margin-bottom: 12px; }
    .words { flex: 1; min-width: 0; } .sub { color: var(--soft); }
    .title { font-size: 14px; line-height: 20px; font-weight: 650; margin: 0; }
    :host(.nested) .title { font-size: 13px; }
    .body { display: flex; flex-direction: column; gap: 12px; min-width: 0; }`;
  static html = `<slot name="graphic"></slot><header><div class="words"><div class="title" role="heading"></div><div class="sub"></div></div>
    <slot name="accessory"></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot></header>
    <div class="body"><slot></slot></div><slot name="supplemental"></slot>`;
  update() {
    let level = 2;
    for (let up = this.parentElement.closest('s-section'); up; up = up.parentElement.closest('s-section')) level += 1;
    this.classList.toggle('nested', level > 2);
    this.level = level;
    const heading = this.attr('heading');
    const label = this.attr('accessibilitylabel') || heading;
    this.internals.role = label ? 'region' : null;
    this.internals.ariaLabel = label || null;
    this.$('.title').textContent = heading;
    this.$('.title').setAttribute('aria-level', String(level));
    this.$('.title').hidden = !heading;
    this.$('.sub').textContent = this.attr('subheading');
    const slotted = ['accessory', 'secondary-actions', 'primary-action'].some((name) => this.querySelector(`:scope > [slot=${name}]`));
    this.$('header').hidden = !heading && !slotted;
  }
});

define('s-banner', class extends Polaris {
  static css = `
    :host { display: block; border-radius: 12px; overflow: hidden; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .08); }
    .head { display: flex; gap: 8px; align-items: center; padding: 8px 12px; font-weight: 650; background: var(--info-back); color: var(--info); }
    .head span { flex: 1; }
    .head::before { content: "i"; flex: none; width: 16px; height: 16px; border-radius: 50%; border: 1.5px solid; font: 700 11px/13px Georgia, serif; text-align: center; }
    :host([tone=success]) .head { background: var(--success-back); color: var(--success); } :host([tone=success]) .head::before { content: "✓"; }
    :host([tone=warning]) .head { background: var(--warning-back); color: var(--warning); } :host([tone=warning]) .head::before { content: "!"; }
    :host([tone=critical]) .head { background: var(--critical-back); color: var(--critical); } :host([tone=critical]) .head::before { content: "!"; }
    .body { padding: 12px; display: flex; flex-direction: column; gap: 8px; }
    .head.slim { float: left; background: none !important; padding: 13px 0 0 12px; }
    .actions { display: flex; gap: 8px; flex-wrap: wrap; }
    .actions.empty { display: none; }
    button { all: unset; cursor: pointer; padding: 2px 6px; border-radius: 6px; font-size: 16px; }
    button:focus-visible { outline: 2px solid var(--focus); }`;
  static html = `<div class="head"><span></span><button type="button" aria-label="Dismiss">×</button></div>
    <div class="body"><slot></slot><div class="actions"><slot name="secondary-actions"></slot></div></div>`;
  update() {
    const tone = this.attr('tone', 'info');
    this.internals.role = tone === 'critical' || tone === 'warning' ? 'alert' : 'status';
    this.$('.head span').textContent = this.attr('heading');
    this.$('.head').classList.toggle('slim', !this.attr('heading'));
    this.$('.actions').classList.toggle('empty', !this.querySelector('[slot=secondary-actions]'));
    this.$('button').hidden = !this.has('dismissible');
    this.$('button').onclick = () => { this.emit('dismiss'); this.hidden = true; this.emit('afterhide'); };
  }
});

define('s-empty-state', class extends Polaris {
  static css = `
    :host { display: grid; justify-items: center; text-align: center; gap: 8px; padding: 40px 20px; }
    .title { font-size: 16px; font-weight: 650; } .text { color: var(--soft); max-width: 400px; }
    .actions { display: flex; gap: 8px; margin-top: 8px; flex-wrap: wrap; justify-content: center; }`;
  static html = `<slot name="graphic"></slot><div class="title" role="heading" aria-level="2"></div>
    <div class="text"><slot name="subheading"></slot><slot></slot></div>
    <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>`;
  update() { this.$('.title').textContent = this.attr('heading'); }
});
