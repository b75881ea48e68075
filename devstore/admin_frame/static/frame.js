/* The admin's half of App Bridge: answers the app inside the iframe, and nobody else. */
(() => {
  'use strict';
  const config = JSON.parse(document.getElementById('config').textContent);
  const frame = document.getElementById('app');
  const byId = (id) => document.getElementById(id);

  document.querySelector('.burger').addEventListener('click', (event) => {
    const open = byId('nav').classList.toggle('open');
    event.currentTarget.setAttribute('aria-expanded', String(open));
  });
  if (!frame) return;

  const tell = (message) => frame.contentWindow.postMessage({ channel: 'app-bridge', ...message }, config.appOrigin);

  /* -- moving about ------------------------------------------------------------------------------------------- */

  const shown = (path) => config.base + (path === '/' ? '' : path);

  const load = async (path) => {
    byId('progress').hidden = false;
    const answer = await fetch(`/admin/_frame/src?path=${encodeURIComponent(path)}`);
    frame.contentWindow.location.replace((await answer.json()).src);
  };

  const go = (path) => {
    history.pushState({ path }, '', shown(path));
    return load(path);
  };

  const markCurrent = (path) => {
    const links = [...document.querySelectorAll('.side a[data-path]')];
    const bare = path.split('?')[0];
    const match = links.filter((link) => bare === link.dataset.path || bare.startsWith(`${link.dataset.path}/`));
    const best = match.sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
    links.forEach((link) => (link === best ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current')));
  };

  addEventListener('popstate', (event) => load((event.state && event.state.path) || config.path));
  frame.addEventListener('load', () => { byId('progress').hidden = true; });
  byId('nav').addEventListener('click', (event) => {
    const link = event.target.closest('a[data-path]');
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    byId('nav').classList.remove('open');
    go(link.dataset.path);
  });

  /* -- what the app may ask ----------------------------------------------------------------------------------- */

  const toast = (message, { duration = 5000, isError = false, action } = {}) => {
    const box = document.createElement('div');
    box.id = `toast-${Date.now()}-${Math.random().toString(36).slice(2, 6)}`;
    box.className = isError ? 'toast error' : 'toast';
    box.append(message);
    if (action) {
      const button = document.createElement('button');
      button.textContent = action;
      button.onclick = () => { tell({ event: 'toast-action', detail: box.id }); box.remove(); };
      box.append(button);
    }
    byId('toasts').append(box);
    setTimeout(() => box.remove(), duration);
    return box.id;
  };

  const ask = (title, items) => new Promise((resolve) => {
    const dialog = byId('ask');
    dialog.querySelector('h2').textContent = title;
    dialog.querySelector('ul').replaceChildren(...items.map((item) => {
      const row = document.createElement('li');
      row.textContent = item;
      return row;
    }));
    dialog.returnValue = 'no';
    dialog.onclose = () => resolve(dialog.returnValue === 'yes');
    dialog.showModal();
  });

  const scopes = async () => {
    const state = await (await fetch('/_dev/state')).json();
    return { granted: state.scopes, ...config.scopes };
  };

  const grant = async (granted) => {
    await fetch('/_dev/scopes', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ granted }),
    });
    return scopes();
  };

  const METHODS = {
    idToken: async () => (await (await fetch('/_dev/id-token?user=1')).json()).id_token,
    location: (path) => {
      history.replaceState({ path }, '', shown(path));
      byId('progress').hidden = true;
      markCurrent(path);
    },
    navigate: (path) => go(path),
    nav: (items) => {
      byId('app-nav').replaceChildren(...items.map(({ label, path }) => {
        const row = document.createElement('li');
        const link = document.createElement('a');
        Object.assign(link, { href: shown(path), textContent: label });
        link.dataset.path = path;
        row.append(link);
        return row;
      }));
      markCurrent(history.state ? history.state.path : config.path);
    },
    toast,
    hideToast: (id) => { const box = byId(id); if (box) box.remove(); },
    loading: (on) => { byId('progress').hidden = !on; },
    saveBar: (on) => { byId('save-bar').hidden = !on; },
    extensions: async () => (await fetch('/admin/_frame/extensions')).json(),
    user: () => config.user,
    scopes,
    requestScopes: async (wanted) => {
      const detail = await scopes();
      if (wanted.some((scope) => !detail.optional.includes(scope))) throw new Error('Only optional scopes can be requested');
      if (!await ask(`${config.appName} asks for more access`, wanted)) return { result: 'declined-all', detail };
      return { result: 'granted-all', detail: await grant([...new Set([...detail.granted, ...wanted])]) };
    },
    revokeScopes: async (unwanted) => {
      const { granted, required } = await scopes();
      return { detail: await grant(granted.filter((scope) => required.includes(scope) || !unwanted.includes(scope))) };
    },
  };

  byId('save-bar').addEventListener('click', (event) => {
    const choice = event.target.dataset.save;
    if (choice) tell({ event: 'save-bar', detail: choice });
  });

  addEventListener('message', async (event) => {
    const { channel, id, method, args = [] } = event.data || {};
    if (channel !== 'app-bridge' || event.origin !== config.appOrigin || event.source !== frame.contentWindow) return;
    try {
      if (!Object.hasOwn(METHODS, method)) throw new Error(`The admin has no ${method}`);
      tell({ id, result: await METHODS[method](...args) });
    } catch (error) {
      tell({ id, error: String(error.message || error) });
    }
  });

  /* The app asks for its token as soon as it runs, so it is loaded only now, when somebody listens. */
  frame.src = frame.dataset.src;
})();
