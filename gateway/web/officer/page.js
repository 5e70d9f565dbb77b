/** The officer's page put together: what the messages cause beside the picture. */

import { keepPage } from "../shared/installed.js";
import { Line } from "../shared/line.js";
import { languageEffect } from "../shared/pieces.js";
import { loadPlaces, pointFrom } from "../shared/places.js";
import { firstFor, restored, session, signInEffects } from "../shared/sign_in.js";
import { open } from "../shared/store.js";
import { loadWords } from "../shared/words.js";
import { FIRST, actOf, reduce } from "./reducer.js";
import { view } from "./view.js";

const kept = session("officer");
const line = new Line({ name: "officer", send: (m) => page.send(m) });
let told_ms = 0;
let got_wall_ms = 0;

/** Sends an act once: the reducer marked it as going, unless it was already on its way. */
const act = (m, { state }, before) => {
  const kind = m.t === "ui.take" || m.t === "ui.not_now" ? "offers" : "held";
  if (before[kind][m.case] && !before[kind][m.case].going && state[kind][m.case]?.going) line.act(actOf(state, m));
};

/** A fix at least every `fix_interval_s`, while on duty: an older one than 30 s ranks nobody. */
function tellPlace(page, now_ms, at_once = false) {
  const { fix, on_duty, fix_interval_s } = page.state;
  if (!fix || !on_duty || (!at_once && now_ms - told_ms < fix_interval_s * 1000)) return;
  const age_ms = fix.source === "gps" ? Math.max(0, Math.round(Date.now() - got_wall_ms)) : 0;
  const { lat, lon, accuracy_m } = fix;
  if (line.tell({ t: "fix", lat, lon, accuracy_m, age_ms: Math.min(age_ms, 3_600_000) })) told_ms = now_ms;
}

function watch(page) {
  if (!navigator.geolocation) {
    page.send({ t: "no_fix" });
    return;
  }
  navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => {
      if (page.state.by_hand) return;
      got_wall_ms = timestamp;
      page.send({ t: "fix", fix: { lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy, source: "gps" } });
    },
    () => page.send({ t: "no_fix" }),
    { enableHighAccuracy: true, maximumAge: 5_000 },
  );
}

const soon = (_m, page) => tellPlace(page, performance.now(), true);

const effects = {
  ...signInEffects({ name: "officer", roles: ["officer"], open: () => line.open(), close: () => line.close() }),
  "ui.language": languageEffect,
  "ui.duty": (m, _page, before) => before.duty_going || line.act({ t: "duty", on: m.on }),
  "ui.take": act,
  "ui.not_now": act,
  "ui.step": act,
  "ui.hand_back": act,
  "ui.come_back": () => line.open(),
  "ui.map": soon,
  "ui.map_key": soon,
  fix: soon,
  welcome: soon,
  result: (m, page) => m.act?.t === "duty" && soon(m, page),
  tick: (m, page) => tellPlace(page, m.now_ms),
  offer: () => navigator.vibrate?.([200, 80, 200]),
};

const words = await loadWords();
const page = open({ root: document.getElementById("page"), state: firstFor(kept, FIRST), reduce, view, words, effects });

keepPage("/officer", (m) => page.send(m));
loadPlaces().then((places) => page.send(places));
// The demonstration has no satellites: `?at=32.06,118.79` stands there by hand.
const at = pointFrom(new URLSearchParams(location.search).get("at"));
if (at) {
  page.send({ t: "ui.by_hand" });
  page.send({ t: "fix", fix: { ...at, accuracy_m: 10, source: "hand" } });
}
watch(page);
restored(kept, page);
