// A rail with `data-most`: the page holds nothing of it, and it stays empty and hidden until an answer brings cards.

/** How many cards the rail has room for. */
export const roomOf = ({ dataset, places }) => Number(dataset.most) || places.length;

/** Shows such a rail while it has cards; those of an answer to a visitor who is gone go. */
export const settle = ({ dataset, section, list }, { gone } = {}) => {
  if (!dataset.most) return;
  if (gone) list.replaceChildren();
  section.hidden = !list.children.length;
};
