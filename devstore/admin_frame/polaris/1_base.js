/* Stand-ins for Shopify's Polaris web components. Own code and own styles, close in look and behaviour; names and
   properties come from the generated list ELEMENTS. */
const sheet = (css) => {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
};

const TOKENS = sheet(`
  :host { box-sizing: border-box; font: 13px/20px Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
    --ink: #303030; --soft: #616161; --line: #e3e3e3; --field: #8a8a8a; --fill: #303030; --subdued: #f7f7f7;
    --strong: #ebebeb; --link: #005bd3; --focus: #005bd3; --critical: #8e0b21; --critical-fill: #c70a24;
    --critical-back: #fee8eb; --success: #014b40; --success-back: #cdfed4; --info: #003a5a; --info-back: #e0f0ff;
    --warning: #5e4200; --warning-back: #ffd6a4; --caution: #4f4700; --caution-back: #ffef9d; }
  :host([hidden]), [hidden] { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
  .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`);

document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet(`
  body { margin: 0; background: #f1f1f1; color: #303030;
    font: 13px/20px Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
`)];

const KINDS = {};

/* Every element: a shadow root with a template, styles of its class, and styles that follow from its attributes. */
class Polaris extends HTMLElement {
  static css = ':host { display: block; }';
  static html = '<slot></slot>';

  constructor() {
    super();
    const kind = KINDS[this.localName];
    this.root = this.attachShadow({ mode: 'open', delegatesFocus: Boolean(kind.focusable) });
    this.root.innerHTML = this.constructor.html;
    this.dynamic = new CSSStyleSheet();
    this.root.adoptedStyleSheets = [TOKENS, ...kind.sheets, this.dynamic];
    this.internals = this.attachInternals();
    /* While the document is parsed an element is connected before its children are there; slots tell when they come. */
    this.root.addEventListener('slotchange', () => this.update());
  }

  connectedCallback() { this.update(); }

  attributeChangedCallback() { if (this.isConnected) this.update(); }

  update() {}

  $(selector) { return this.root.querySelector(selector); }

  attr(name, otherwise = '') { return this.getAttribute(name) ?? otherwise; }

  has(name) { return this.hasAttribute(name) && this.getAttribute(name) !== 'false'; }

  emit(name, options = {}) { return this.dispatchEvent(new Event(name, { bubbles: true, ...options })); }
}

/* Gives a class the properties that the real element has; each reads and writes its attribute. */
const addProperties = (type, names) => {
  names.forEach((entry) => {
    const name = entry.replace('?', '');
    if (name in HTMLElement.prototype || Object.hasOwn(type.prototype, name)) return;
    let owner = Object.getPrototypeOf(type.prototype);
    for (; owner !== HTMLElement.prototype; owner = Object.getPrototypeOf(owner)) if (Object.hasOwn(owner, name)) return;
    const flag = entry.endsWith('?');
    Object.defineProperty(type.prototype, name, {
      configurable: true,
      get() { return flag ? this.has(name) : this.attr(name); },
      set(value) {
        if (flag) this.toggleAttribute(name, Boolean(value));
        else if (value === null || value === undefined) this.removeAttribute(name);
        else this.setAttribute(name, value);
      },
    });
  });
};

const define = (tag, type, focusable = false) => {
  const props = (ELEMENTS[tag] || { props: [] }).props;
  const own = class extends type {
    static observedAttributes = [...props.map((name) => name.replace('?', '').toLowerCase()), 'hidden'];
  };
  const sheets = [];
  for (let parent = type; parent !== HTMLElement; parent = Object.getPrototypeOf(parent)) {
    if (Object.hasOwn(parent, 'css')) sheets.unshift(sheet(parent.css));
  }
  KINDS[tag] = { sheets: sheets.slice(-2), focusable };
  addProperties(own, props);
  customElements.define(tag, own);
};
