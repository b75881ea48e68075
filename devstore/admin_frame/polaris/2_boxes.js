/* Boxes: s-box, s-stack, s-grid and their kin turn attributes into styles of the host. */
const SPACE = {
  none: 0, 'small-500': 2, 'small-400': 4, 'small-300': 6, 'small-200': 8, 'small-100': 12, small: 12, base: 16,
  large: 20, 'large-100': 20, 'large-200': 24, 'large-300': 32, 'large-400': 40, 'large-500': 48,
};
const RADIUS = { none: 0, 'small-200': 4, 'small-100': 6, small: 6, base: 8, large: 12, 'large-100': 12, 'large-200': 16, max: 9999 };
const GROUND = { transparent: 'transparent', base: '#fff', subdued: 'var(--subdued)', strong: 'var(--strong)' };

const each = (map, text) => text.split(/\s+/).map((word) => (word in map ? `${map[word]}px` : word)).join(' ');

/* "@container (inline-size > 500px) 1fr 1fr, 1fr": what holds inside the query, and otherwise. */
const responsive = (text) => {
  const match = /^@container\s*([\w-]*\s*\([^)]*\))\s*(.*)$/s.exec(text.trim());
  if (!match) return { otherwise: text };
  let depth = 0;
  let split = match[2].length;
  for (let place = 0; place < match[2].length; place += 1) {
    if (match[2][place] === '(') depth += 1;
    if (match[2][place] === ')') depth -= 1;
    if (match[2][place] === ',' && depth === 0) split = place;
  }
  return { query: match[1], inside: match[2].slice(0, split).trim(), otherwise: match[2].slice(split + 1).trim() };
};

const SPACED = {
  padding: 'padding', paddingblock: 'padding-block', paddingblockstart: 'padding-block-start',
  paddingblockend: 'padding-block-end', paddinginline: 'padding-inline', paddinginlinestart: 'padding-inline-start',
  paddinginlineend: 'padding-inline-end', gap: 'gap', rowgap: 'row-gap', columngap: 'column-gap',
};
const PLAIN = {
  blocksize: 'block-size', minblocksize: 'min-block-size', maxblocksize: 'max-block-size', inlinesize: 'inline-size',
  mininlinesize: 'min-inline-size', maxinlinesize: 'max-inline-size', overflow: 'overflow',
  gridtemplatecolumns: 'grid-template-columns', gridtemplaterows: 'grid-template-rows', gridcolumn: 'grid-column',
  gridrow: 'grid-row', alignitems: 'align-items', justifyitems: 'justify-items', placeitems: 'place-items',
  aligncontent: 'align-content', justifycontent: 'justify-content', placecontent: 'place-content',
};

const border = (text) => {
  const words = text.split(/\s+/);
  if (words[0] === 'none') return 'none';
  const width = { base: 1, small: 1, 'small-100': 1, large: 2, 'large-100': 2 }[words[0]] ?? 1;
  const style = words.find((word) => ['dashed', 'dotted', 'solid'].includes(word)) || 'solid';
  return `${width}px ${style} ${words.includes('strong') ? '#8a8a8a' : 'var(--line)'}`;
};

class Box extends Polaris {
  update() {
    const rules = { inside: {}, otherwise: {} };
    let query = '';
    const put = (css, text, turn = (value) => value) => {
      const found = responsive(text);
      query = found.query || query;
      rules.otherwise[css] = turn(found.otherwise);
      if (found.query) rules.inside[css] = turn(found.inside);
    };
    for (const { name, value } of this.attributes) {
      if (name in SPACED) put(SPACED[name], value, (text) => each(SPACE, text));
      else if (name in PLAIN) put(PLAIN[name], value);
      else if (name === 'background') put('background', GROUND[value] || value);
      else if (name === 'border') put('border', border(value));
      else if (name === 'borderwidth') put('border-width', each({ none: 0, base: 1, large: 2 }, value));
      else if (name === 'borderradius') put('border-radius', each(RADIUS, value));
      else if (name === 'display' && value !== 'auto') put('display', value);
      else if (name === 'direction') put('flex-direction', value, (text) => (text === 'inline' ? 'row' : 'column'));
      else if (name === 'accessibilitylabel') this.internals.ariaLabel = value;
      else if (name === 'accessibilityrole') this.internals.role = value;
    }
    const text = (map) => Object.entries(map).map(([css, value]) => `${css}:${value}`).join(';');
    this.dynamic.replaceSync(
      `:host{${text(rules.otherwise)}}${query ? `@container ${query} {:host{${text(rules.inside)}}}` : ''}`,
    );
  }
}

define('s-box', Box);
define('s-grid-item', Box);
define('s-scroll-box', class extends Box { static css = ':host { display: block; overflow: auto; }'; });
define('s-grid', class extends Box { static css = ':host { display: grid; }'; });
define('s-stack', class extends Box {
  static css = ':host { display: flex; flex-direction: column; } :host([direction^=inline]) { flex-wrap: wrap; align-items: center; }';
});
define('s-query-container', class extends Polaris { static css = ':host { display: block; container-type: inline-size; }'; });
define('s-divider', class extends Polaris {
  static css = `:host { display: block; border-top: 1px solid var(--line); }
    :host([color=strong]) { border-color: #8a8a8a; }
    :host([direction=block]) { border-top: 0; border-inline-start: 1px solid var(--line); align-self: stretch; }`;
  update() { this.internals.role = 'separator'; }
});
