// Puts a small control onto a card that says why the product is shown. Its markup and words are Liquid's.

/**
 * Gives the card the control for its reason: the sentence that came with it, a known code in the visitor's language, or
 * the answer's own words.
 */
export const explain = (card, reason) => {
  card.querySelector('.attune-why')?.remove();
  const template = card.closest('attune-recommendations')?.querySelector(':scope > template') ?? other();
  const text = card.dataset.why ?? template?.dataset[reason?.code] ?? reason?.text;
  if (!text) return;
  const control = template.content.firstElementChild.cloneNode(true);
  control.querySelector('p').textContent = text;
  card.append(control);
};

// A card that has just come is in no rail yet; every rail has the same words.
const other = () => document.querySelector('attune-recommendations > template');

// One at a time; it closes with Escape and when something else is touched.
const close = (except) => {
  for (const open of document.querySelectorAll('.attune-why[open]')) if (open !== except) open.open = false;
};

document.addEventListener('click', ({ target }) => close(target.closest?.('.attune-why')));
document.addEventListener('keydown', (event) => {
  const open = event.key === 'Escape' && document.querySelector('.attune-why[open]');
  if (!open) return;
  // The theme's drawer, which Escape would close, stays open.
  event.stopPropagation();
  open.querySelector('summary').focus();
  close();
}, true);
