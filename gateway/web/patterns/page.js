/** The pattern sheet put together: the sheet, or with `?page=officer&state=live` one page in one of its named states. */

import { show } from "../shared/dom.js";
import { stage } from "../shared/replay.js";
import { languageOf, wordsOf } from "../shared/words.js";
import { view } from "./view.js";

const ROOMS = ["citizen", "officer", "station", "admin"];
const asked = new URLSearchParams(location.search);
const lang = languageOf(location.search, null, navigator.languages);
document.documentElement.lang = lang;
const words = wordsOf(lang, await (await fetch(`/static/shared/words/${lang}.json`)).json());
/** @param {string} room @returns {Promise<import("../shared/replay.js").Played>} */
const played = async (room) => (await import(`/static/${room}/states.js`)).PLAYED;

const room = asked.get("page") ?? "";
if (ROOMS.includes(room)) {
  const style = document.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: `/static/${room}/page.css` });
  document.head.append(style);
  await stage(await played(room), asked.get("state") ?? "live", words);
} else {
  const states = await Promise.all(ROOMS.map(async (page) => ({ page, names: (await played(page)).states.map((one) => one.name) })));
  const root = /** @type {HTMLElement} */ (document.getElementById("page"));
  root.removeAttribute("aria-busy");
  show(root, view(states, words), () => null);
}
