// Under which other names the shop knows this browser, told once a session, and who signs up on it: an address that is
// given to a newsletter form or for a new account goes to the app, which keeps nothing of it but a keyed hash.
import { flush, keep, onVisitor, recall, report, visitor } from './attune-core.js';

const NAMES = 'attune:names';
const FORMS = { customer: ['newsletter', 'contact[email]'], create_customer: ['account', 'customer[email]'] };

const cookie = (name) =>
  document.cookie
    .split('; ')
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

const marketing = () => window.Shopify?.customerPrivacy?.marketingAllowed?.() === true;

// The cart's token without its key, the id that Google's script has given, the token of a link in one of Klaviyo's mails.
const names = () => ({
  cart: decodeURIComponent(cookie('cart') ?? '').split('?')[0],
  ga4: cookie('_ga')?.match(/^GA\d\.\d+\.(\d+\.\d+)$/)?.[1],
  kx: marketing() ? new URLSearchParams(location.search).get('_kx') : null,
});

const tell = () => {
  const told = recall(NAMES);
  const found = Object.entries(names()).filter(([name, value]) => value && told[name] !== value);
  if (!found.length) return;
  const fresh = Object.fromEntries(found);
  keep(NAMES, { ...told, ...fresh });
  report({ type: 'identity', ...fresh });
};

// The browser has checked the form's fields; the page is about to be left.
const signUp = ({ target }) => {
  const [form, field] = FORMS[target.querySelector?.('[name="form_type"]')?.value] ?? [];
  const email = form && target.querySelector(`[name="${field}"]`)?.value?.trim();
  if (!email || !visitor()) return;
  report({ type: 'sign_up', form, email });
  flush();
};

window.addEventListener('submit', signUp, true);
onVisitor((id) => id && tell());
