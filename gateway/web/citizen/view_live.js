/** The case as its reporter follows it: all its cards. No first view needs them, so `page.js` fetches this file later. */

import { h } from "../shared/dom.js";
import { closed } from "./following.js";
import { openingCard } from "./view.js";
import { after, appointmentCard } from "./view_after.js";
import { caseCard } from "./view_case.js";
import { receiptCard } from "./view_receipt.js";
import { talkCard } from "./view_talk.js";

/** @type {import("./view.js").Shows} */
export function live(state, words) {
  return h("main", { key: "live", id: "main", class: "column wide-two" },
    state.receipt ? receiptCard(state, words) : null,
    state.case ? caseCard(state, words) : openingCard(words),
    state.case?.appointment ? appointmentCard(state, words) : null,
    state.case ? talkCard(state, words) : null,
    state.case ? after(state, words) : null,
    h("p", { key: "leave", class: "leave" },
      !state.receipt ? h("button", { class: state.case && closed(state.case.status) ? "" : "plain", type: "button", onclick: { t: "ui.another" } },
        words.say(state.case && closed(state.case.status) ? "citizen.another" : "citizen.leave")) : null));
}
