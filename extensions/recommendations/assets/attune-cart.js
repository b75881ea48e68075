// A click travels with the product into the cart, as a property hidden from shoppers, so that an order can be tied to
// the answer that led to it. Only forms carry it: what a theme adds by JSON names a variant alone, and other people's
// requests are not rewritten here.
import { keep, onVisitor, recall, visitor } from './attune-core.js';

const CLICKS = 'attune:clicks';
const PROPERTY = 'properties[_attune]';

/** Remembers which answer and place a clicked product came from. */
export const clicked = ({ product, request, position }) => {
  if (request) keep(CLICKS, { ...recall(CLICKS), [product]: `${request}:${position}` });
};

const forms = () => [...document.querySelectorAll('form[action*="/cart/add"]')];

// Shopify's form tag names its product; a theme's own form is taken for the page's product if it is the first.
const productOf = (form) =>
  form.querySelector('[name="product-id"]')?.value ??
  (form === forms()[0]
    ? document.querySelector('attune-tracker[data-product], attune-recommendations[data-product]')?.dataset.product
    : undefined);

const tagOf = (form) => visitor() && recall(CLICKS)[productOf(form)];

const stamp = (form) => {
  const tag = tagOf(form);
  let input = form.querySelector(`input[name="${PROPERTY}"]`);
  if (!tag) return input?.remove();
  if (!input) {
    input = document.createElement('input');
    input.type = 'hidden';
    input.name = PROPERTY;
    form.append(input);
  }
  input.value = tag;
};

// Before the theme's own handler reads the form.
window.addEventListener('submit', ({ target }) => forms().includes(target) && stamp(target), true);
// A form that is read without being submitted.
window.addEventListener('formdata', ({ target, formData }) => {
  if (!forms().includes(target)) return;
  const tag = tagOf(target);
  if (tag) formData.set(PROPERTY, tag);
  else formData.delete(PROPERTY);
});
onVisitor(() => forms().forEach(stamp));
