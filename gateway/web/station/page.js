/** The desk's page put together: what the messages cause beside the picture. */

import { keepPage } from "../shared/installed.js";
import { Line } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces } from "../shared/places.js";
import { firstFor, restored, session, signInEffects } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { FIRST, actOf, reduce } from "./reducer.js";
import { view } from "./view.js";

const KEYS_OFF = "onbeat.desk.keys_off";
const kept = session("desk");
const line = new Line({ name: "desk", send: (m) => page.send(m) });

/** Sends an act once: the reducer marked the case as going, or it may not be done now. */
const act = (m, { state }, before) => {
  if (!before.going[state.open] && state.going[state.open]) line.act(actOf(state, m));
};

const effects = {
  ...signInEffects({ name: "desk", roles: ["desk"], open: () => line.open(), close: () => line.close() }),
  "ui.language": languageEffect,
  "ui.acknowledge": act,
  "ui.assign": act,
  "ui.clear": act,
  "ui.come_back": () => line.open(),
  "ui.keys": (_m, { state }) => (state.keys ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")),
};

const words = await loadWords();
const page = open({ root: document.getElementById("page"), state: firstFor(kept, FIRST), reduce, view, words, effects });

const KEYS = {
  j: () => page.send({ t: "ui.move", by: 1 }),
  k: () => page.send({ t: "ui.move", by: -1 }),
  t: () => page.send({ t: "ui.acknowledge" }),
  a: () => document.getElementById("assign")?.focus(),
  "?": () => page.send({ t: "ui.help" }),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !page.state.signed) return;
  if (event.key === "Escape") page.send({ t: "ui.shut" });
  if (!page.state.keys || event.target.closest?.("input, select, textarea")) return;
  if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

if (localStorage.getItem(KEYS_OFF)) page.send({ t: "ui.keys" });
keepPage("/desk", (m) => page.send(m));
loadPlaces().then((places) => page.send(places));
restored(kept, page);
