/**
 * States of a page by name: each is a log of messages, played through the page's own pure reducer. What a person may see
 * is thereby listed beside the code that shows it; the pattern sheet, axe and the screenshots all look at the same list.
 *
 * A page's `states.js` exports `PLAYED`. It is never imported by the page itself.
 *
 * @typedef {import("./dom.js").Message} Message
 * @typedef {{name: string, log: Message[]}} Named `name`: words with hyphens, unlike any other of the page
 * @typedef {{first: any, reduce: (state: any, message: any) => any, view: (state: any, words: any) => any[], states: Named[]}} Played
 */

import { show } from "./dom.js";
import { loadWords } from "./words.js";

/** The state after a log. @param {Played} played @param {string} name */
export function replayed(played, name) {
  const found = played.states.find((one) => one.name === name);
  if (!found) throw new RangeError(`no state is named ${name}: ${played.states.map((one) => one.name).join(", ")}`);
  return found.log.reduce(played.reduce, played.first);
}

/**
 * Puts a named state in the place of the running page, which goes on unseen: what stood in its root is thrown away.
 * @param {Played} played @param {string} name @param {import("./words.js").Words | null} words the page's own where null
 */
export async function stage(played, name, words = null) {
  const said = words ?? (await loadWords());
  const state = replayed(played, name);
  const old = /** @type {HTMLElement} */ (document.getElementById("page"));
  const root = /** @type {HTMLElement} */ (old.cloneNode(false));
  root.removeAttribute("aria-busy");
  root.dataset.state = name;
  old.replaceWith(root);
  show(root, played.view(state, said), () => null);
}
