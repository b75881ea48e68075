/* The theme editor. Every change is saved at once through /_dev/theme and the preview is loaded anew. */
(() => {
  'use strict';
  const config = JSON.parse(document.getElementById('config').textContent);
  const byId = (id) => document.getElementById(id);
  let { theme } = config;
  let { template } = config;
  let opened = null;

  const SWITCHES = {
    native_rail: 'Shopify’s recommendations on product pages',
    random_rail: 'A rail of random products on product pages',
    drawer: 'Cart drawer',
  };

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  const say = (message) => { byId('said').textContent = message; };

  const preview = () => {
    const url = new URL(config.pages[template], location.origin);
    url.searchParams.set('_design_mode', '1');
    byId('preview').src = url;
  };

  const save = async (change, message) => {
    const answer = await fetch('/_dev/theme', {
      method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(change),
    });
    const body = await answer.json();
    if (!answer.ok) return say(body.error);
    theme = body;
    say(message);
    preview();
    return draw();
  };

  const placed = () => theme.templates[template];
  const savePlaced = (blocks, message) => save({ templates: { [template]: blocks } }, message);

  /* -- the settings of one block ---------------------------------------------------------------------------------- */

  const INPUTS = {
    checkbox: (entry, value) => element('input', { type: 'checkbox', checked: value === true }),
    range: ({ min, max, step = 1 }, value) => element('input', { type: 'number', min, max, step, value }),
    number: (entry, value) => element('input', { type: 'number', value: value ?? '' }),
    textarea: (entry, value) => element('textarea', { value: value ?? '', rows: 3 }),
    select: ({ options }, value) => element('select', {}, ...options.map((option) => element('option', {
      value: option.value, textContent: option.label, selected: option.value === value,
    }))),
    text: (entry, value) => element('input', { type: 'text', value: value ?? '' }),
  };
  INPUTS.radio = INPUTS.select;

  const read = ({ type }, input) => {
    if (type === 'checkbox') return input.checked;
    return type === 'range' || type === 'number' ? Number(input.value) : input.value;
  };

  const field = (entry, value) => {
    if (entry.type === 'header') return element('h2', { textContent: entry.content });
    if (entry.type === 'paragraph') return element('small', { textContent: entry.content });
    const input = (INPUTS[entry.type] || INPUTS.text)(entry, value);
    input.name = entry.id;
    if (config.resources.includes(entry.type)) input.placeholder = entry.autofill ? 'The page’s own' : `Handle of a ${entry.type}`;
    const label = element('span', { textContent: entry.label || entry.id });
    const info = entry.info ? [element('small', { textContent: entry.info })] : [];
    return entry.type === 'checkbox'
      ? element('label', { className: 'tick' }, input, label, ...info)
      : element('label', { className: 'field' }, label, input, ...info);
  };

  const settingsForm = (name, values, changed) => {
    const { settings, defaults } = config.blocks[name];
    const form = element('form', {}, ...settings.map((entry) => field(entry, values[entry.id] ?? defaults[entry.id])));
    if (!settings.length) form.append(element('small', { textContent: 'This block has no settings.' }));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', ({ target }) => {
      const entry = settings.find(({ id }) => id === target.name);
      const value = read(entry, target);
      const next = { ...values, [entry.id]: value };
      // An empty resource means the page's own again.
      if (config.resources.includes(entry.type) && value === '') delete next[entry.id];
      changed(next);
    });
    return form;
  };

  const button = (label, name, action, disabled = false) => {
    const made = element('button', { type: 'button', textContent: label, ariaLabel: name, disabled });
    made.addEventListener('click', action);
    return made;
  };

  /* -- the three panels ------------------------------------------------------------------------------------------- */

  const blockRow = ({ block, settings }, place, all) => {
    const { name } = config.blocks[block];
    const swapped = (other) => all.map((one, n) => (n === place ? all[other] : n === other ? all[place] : one));
    const key = `${template}/${place}`;
    const title = button(name, `Settings of ${name}`, () => { opened = opened === key ? null : key; draw(); });
    title.className = 'title';
    title.setAttribute('aria-expanded', String(opened === key));
    const head = element('div', { className: 'head' },
      title,
      button('Up', `Move ${name} up`, () => savePlaced(swapped(place - 1), `${name} moved`), place === 0),
      button('Down', `Move ${name} down`, () => savePlaced(swapped(place + 1), `${name} moved`), place === all.length - 1),
      button('Remove', `Remove ${name}`, () => savePlaced(all.filter((_, n) => n !== place), `${name} removed`)));
    const row = element('li', {}, head);
    row.dataset.block = block;
    if (opened === key) {
      row.append(settingsForm(block, settings, (values) => savePlaced(
        all.map((one, n) => (n === place ? { block, settings: values } : one)), `${name} changed`)));
    }
    return row;
  };

  const tick = (label, on, changed) => {
    const input = element('input', { type: 'checkbox', checked: on });
    input.addEventListener('change', () => changed(input.checked));
    return element('label', { className: 'tick' }, input, element('span', { textContent: label }));
  };

  const embedRow = ([name, on]) => {
    const shown = config.blocks[name].name;
    const row = element('li', {}, tick(shown, on, (value) => save({ embeds: { [name]: value } }, `${shown} is ${value ? 'on' : 'off'}`)));
    row.dataset.embed = name;
    if (on && config.blocks[name].settings.length) {
      row.append(settingsForm(name, theme.embed_settings[name] || {}, (values) => save({ embed_settings: { [name]: values } }, `${shown} changed`)));
    }
    return row;
  };

  const draw = () => {
    byId('where').textContent = config.names[template];
    byId('blocks').replaceChildren(...placed().map(blockRow));
    byId('none').hidden = placed().length > 0;
    const free = Object.entries(config.blocks).filter(([, { embed, templates }]) => !embed && templates.includes(template));
    byId('add').replaceChildren(...free.map(([value, { name }]) => element('option', { value, textContent: name })));
    byId('add-block').disabled = free.length === 0;
    byId('embeds').replaceChildren(...Object.entries(theme.embeds).map(embedRow));
    byId('switches').replaceChildren(...Object.entries(SWITCHES).map(([name, label]) => element('li', {},
      tick(label, theme[name], (value) => save({ [name]: value }, 'Theme settings saved')))));
  };

  const tabs = ['sections', 'apps', 'theme'];
  const choose = (chosen) => tabs.forEach((name) => {
    byId(name).hidden = name !== chosen;
    byId(`tab-${name}`).setAttribute('aria-selected', String(name === chosen));
  });
  tabs.forEach((name) => byId(`tab-${name}`).addEventListener('click', () => choose(name)));

  byId('template').addEventListener('change', ({ target }) => {
    template = target.value;
    history.replaceState({}, '', `?template=${encodeURIComponent(template)}`);
    draw();
    preview();
  });
  byId('add-block').addEventListener('click', () => {
    const block = byId('add').value;
    savePlaced([...placed(), { block, settings: {} }], `${config.blocks[block].name} added`);
  });

  choose(config.apps ? 'apps' : 'sections');
  draw();
  preview();
  if (config.done) say(`${config.blocks[config.done].name} ${config.apps ? 'is on' : 'added'}`);
})();
