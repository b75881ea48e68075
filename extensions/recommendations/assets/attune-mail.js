// A landing from a mail of Klaviyo's: the link names the answer and the place that led here, and the product carries both
// into the cart, as after a click on a card. The click itself is told by Klaviyo, its token `_kx` by attune-names.js.
import { clicked } from './attune-cart.js';
import { onVisitor } from './attune-core.js';

const landing = () => {
  const said = new URLSearchParams(location.search);
  const request = said.get('attune_rid') ?? '';
  const place = said.get('attune_pos') ?? '';
  const product = document.querySelector('attune-tracker[data-product], attune-recommendations[data-product]')?.dataset
    .product;
  if (said.get('attune_ch') !== 'klaviyo' || !product) return null;
  if (!/^[0-9a-f]{32}$/.test(request) || !/^[1-9]\d{0,2}$/.test(place)) return null;
  return { product, request, position: Number(place) - 1 };
};

onVisitor((id) => {
  const found = id && landing();
  if (found) clicked(found);
});
