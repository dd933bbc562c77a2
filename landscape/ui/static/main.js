/* The page's scripts, put together: `start` makes the one object that all parts are given. Gradio's own events and tests in a
   browser find it as `landscape`; nothing else is global. */
import { cards } from "./cards.js";
import { clips } from "./clips.js";
import { dial } from "./dial.js";
import { drop } from "./drop.js";
import { estimate } from "./estimate.js";
import { held } from "./held.js";
import { openPage } from "./hub.js";
import { keys } from "./keys.js";
import { marks } from "./marks.js";
import { masks } from "./masks.js";
import { samples } from "./samples.js";
import { savedScene } from "./scene.js";
import { stage } from "./stage.js";
import { openTab, remembered } from "./tabs.js";
import { timeline } from "./timeline.js";

export function start(facts) {
  const page = openPage(facts);
  page.tab = openTab();
  page.remembered = () => remembered(page);
  /* Components of the page begin with their part, see page/scripts.py. */
  page.parts = { cards, clips, dial, estimate, held, masks, samples, savedScene, stage, timeline };
  [marks, keys, drop].forEach((part) => part(page));
  return page;
}
