// Which arms of experiments the visitor is in: asked once a session and when an answer shows that a page was painted for
// others, kept for later pages. Those apply it by the one script that stands in them (arms.liquid), before they are
// painted; here is the same for rails that come later, such as the drawer's.
import { ask } from './attune-ask.js';
import { arms, keep, keepArms, onVisitor, recall, settings, visitor } from './attune-core.js';

const ASKED = 'attune:asked';
let asked = null;

/** Asks which arms the visitor is in, at most once a page, as what is painted stays. What fails is asked again later. */
export const askForArms = async () => {
  const id = visitor();
  if (!id || asked === id) return;
  asked = id;
  try {
    const { rails } = await (await ask(`${settings().proxy}/v1/arms`, {})).json();
    if (visitor() !== id || !rails) return;
    keepArms(JSON.stringify({ rails }));
    keep(ASKED, { visitor: id });
  } catch {}
};

/** Applies the arms to a rail that has not been seen yet. */
export const paint = (section) => {
  const { dataset } = section;
  try {
    const known = visitor() && JSON.parse(arms());
    if (!known) return;
    const { variant, show, title, place } = known.rails[dataset.attuneRail] ?? {};
    dataset.arms = variant ?? 'default';
    hold(section, show);
    if (dataset.place) section.hidden = dataset.place !== (place ?? 'primary');
    if (title) section.querySelector('h2').textContent = dataset.title = title;
  } catch {}
};

// A control: the place stays, and nothing is seen in it.
const hold = (section, show = 'ours') => {
  const held = show !== 'ours';
  section.classList.toggle('attune--held', held);
  section.inert = held;
  if (held) section.dataset.show = show;
  else delete section.dataset.show;
};

/** What the page shows in this place: ours, empty or native. */
export const paintedAs = ({ dataset }) => dataset.show ?? 'ours';

/** Whether an answer is for what the page shows; if not, nothing is counted there, and the arms are asked again. */
export const fits = (section, { stale, show = 'ours' }) => {
  const good = !stale && show === paintedAs(section);
  if (!good) askForArms();
  return good;
};

onVisitor((id) => id && (recall(ASKED).visitor !== id || !arms()) && askForArms());
