/* What lies above the page: s-modal, s-popover, s-menu, s-tooltip. */
class Overlay extends Polaris {
  get box() { return this.$('[part=box]'); }
  showOverlay() { if (this.shown) return; this.shown = true; this.emit('show'); this.open(); this.emit('aftershow'); }
  hideOverlay() { if (!this.shown) return; this.shown = false; this.emit('hide'); this.close(); this.emit('afterhide'); }
  toggleOverlay() { this.shown ? this.hideOverlay() : this.showOverlay(); }
}

define('s-modal', class extends Overlay {
  static css = `:host { display: contents; }
    dialog { border: 0; padding: 0; border-radius: 16px; width: min(620px, calc(100vw - 32px)); color: var(--ink); box-shadow: 0 20px 60px rgb(0 0 0 / .3); }
    :host([size=small]) dialog { width: min(400px, calc(100vw - 32px)); } :host([size^=large]) dialog { width: min(900px, calc(100vw - 32px)); }
    dialog::backdrop { background: rgb(0 0 0 / .5); }
    header { display: flex; align-items: center; padding: 12px 16px; background: #f3f3f3; font-weight: 650; font-size: 14px; } header span { flex: 1; }
    header button { all: unset; cursor: pointer; font-size: 18px; padding: 0 6px; border-radius: 6px; } header button:focus-visible { outline: 2px solid var(--focus); }
    .body { padding: 16px; display: flex; flex-direction: column; gap: 12px; } :host([padding=none]) .body { padding: 0; }
    footer { display: flex; justify-content: flex-end; gap: 8px; padding: 12px 16px; border-top: 1px solid var(--line); }`;
  static html = `<dialog part="box" aria-labelledby="title"><header><span id="title" role="heading" aria-level="2"></span><button type="button" aria-label="Close">×</button></header>
    <div class="body"><slot></slot></div><footer><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>`;
  update() {
    this.$('#title').textContent = this.attr('heading');
    this.$('header button').onclick = () => this.hideOverlay();
    this.box.onclose = () => this.hideOverlay();
    this.$('footer').hidden = !this.querySelector('[slot$=action], [slot$=actions]');
  }
  open() { this.box.showModal(); }
  close() { if (this.box.open) this.box.close(); }
});

class Popover extends Overlay {
  static css = `:host { display: contents; } [part=box] { border: 0; margin: auto; inset: 20vh 0 auto; padding: 8px; border-radius: 12px; background: #fff; color: var(--ink); width: max-content; max-width: calc(100vw - 32px); box-shadow: 0 8px 30px rgb(0 0 0 / .25); }`;
  static html = '<div part="box" popover><slot></slot></div>';
  open() { this.box.showPopover(); }
  close() { if (this.box.matches(':popover-open')) this.box.hidePopover(); }
  update() { this.box.ontoggle = (event) => { this.shown = event.newState === 'open'; }; }
}
define('s-popover', Popover);
define('s-menu', class extends Popover {
  static html = '<div part="box" popover role="menu"><slot></slot></div>';
  update() { super.update(); this.box.onclick = () => this.hideOverlay(); }
});
define('s-tooltip', class extends Polaris { static css = ':host { display: none; }'; });
