// A rail in a control of an experiment: its place stays empty, or Shopify's own list stands in it. Liquid's cards keep
// the place as high as it is, and stand, unseen, for what is counted of it.

/** Puts what stands in the rail's place there; what is then seen of its places belongs to this answer. */
export const count = (rail, { request_id: request, cards = [] }, most) => {
  // A rail of which the page holds nothing has its answer's cards for that.
  if (rail.dataset.most && !rail.cards.length) rail.list.append(...cards);
  rail.cards.forEach((card, index) => (card.hidden = index >= most));
  const { places } = rail;
  const native = rail.painted === 'native' ? cards.slice(0, places.length) : [];
  native.forEach((card, index) => (card.dataset.ghost = places[index].dataset.product));
  // Where Shopify recommends too little.
  const rest = places.slice(native.length);
  if (native.length) reveal(rail, native, rest);
  for (const [index, { dataset }] of [...native, ...rest].entries()) {
    if (request) dataset.request = request;
    dataset.position = index;
  }
};

/** How many places for Shopify's own list stand above this rail: it goes on here, instead of standing there twice. */
export const above = (rail) =>
  [...document.querySelectorAll('attune-recommendations')]
    .filter(
      (other) =>
        other.painted === 'native' &&
        !other.section.hidden &&
        other.compareDocumentPosition(rail) & Node.DOCUMENT_POSITION_FOLLOWING,
    )
    .reduce((sum, other) => sum + other.places.length, 0);

const reveal = ({ list, section, dataset: { nativeHeading } }, native, rest) => {
  for (const card of rest) {
    card.inert = true;
    card.classList.add('attune-card--held');
  }
  list.replaceChildren(...native, ...rest);
  if (nativeHeading && !section.dataset.title) section.querySelector('h2').textContent = nativeHeading;
  section.classList.remove('attune--held');
  section.inert = false;
};
