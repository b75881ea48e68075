/* window.shopify. */
let toasts = Promise.resolve();
const actions = new Map();
on('toast-action', (id) => { const action = actions.get(id); if (action) action(); });

const overlay = (id) => document.getElementById(id) || (() => { throw new Error(`No modal has the id ${id}`); })();

const saveBar = {
  async show(id) { saveBar.current = id; return call('saveBar', true); },
  async hide() { saveBar.current = null; return call('saveBar', false); },
  toggle(id) { return saveBar.current === id ? saveBar.hide(id) : saveBar.show(id); },
  leaveConfirmation: async () => undefined,
};

const choose = (choice) => {
  const holder = saveBar.current && document.getElementById(saveBar.current);
  if (holder instanceof HTMLFormElement) {
    choice === 'save' ? holder.requestSubmit() : holder.reset();
  } else if (holder) {
    const button = holder.querySelector(choice === 'save' ? '[variant=primary]' : 'button:not([variant=primary])');
    if (button) button.click();
  }
  saveBar.hide();
};
on('save-bar', choose);

window.shopify = {
  config,
  origin: ADMIN,
  ready: Promise.resolve(),
  environment: { mobile: false, embedded: window.top !== window, pos: false },
  idToken,
  loading: (on = true) => { call('loading', on); },
  toast: {
    show(message, { onAction, onDismiss, ...options } = {}) {
      const local = `toast-${++calls}`;
      toasts = call('toast', message, options).then((id) => { actions.set(id, onAction); actions.set(local, id); });
      return local;
    },
    hide(local) { toasts.then(() => call('hideToast', actions.get(local))); },
  },
  scopes: {
    query: () => call('scopes'),
    request: (scopes) => call('requestScopes', scopes),
    revoke: (scopes) => call('revokeScopes', scopes),
  },
  app: { extensions: () => call('extensions') },
  user: () => call('user'),
  saveBar,
  modal: {
    show: async (id) => overlay(id).showOverlay(),
    hide: async (id) => overlay(id).hideOverlay(),
    toggle: async (id) => overlay(id).toggleOverlay(),
  },
};
