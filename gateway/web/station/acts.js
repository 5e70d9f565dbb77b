/**
 * What a desk may do to a case, as one table: key, when, what has to be said, and the message it becomes. The service
 * judges; this only keeps what it would refuse anyway out of sight. A test compares `when` with the service's own table.
 *
 * @typedef {import("./state.js").Case} DeskCase
 * @typedef {import("./state.js").State} State
 * @typedef {{name: string, key: string, when: string[], fields: string[], needs: string[], at_once?: boolean,
 *   supervisor?: boolean, also?: (it: DeskCase, state: State) => boolean}} Act
 *   `fields` in the order in which they are asked; `needs`: those that may not be empty; `at_once`: pressing is doing.
 */

const DESK = ["at_station"];
const ON_THE_WAY = ["claimed", "en_route"];
const HELD = [...ON_THE_WAY, "on_scene"];
const OPEN = ["offered", ...HELD, ...DESK];
export const SEATS_MAX = 4;
export const CLOSED = new Set(["cleared", "withdrawn", "merged"]);
export const HELD_SET = new Set(HELD);

/** @type {Act[]} */
export const ACTS = [
  { name: "take", key: "t", when: DESK, fields: [], needs: [], at_once: true, also: (it, state) => !it.owner || it.owner !== state.me?.account || !it.acknowledged },
  { name: "acknowledge", key: "c", when: DESK, fields: [], needs: [], at_once: true, also: (it) => !it.acknowledged },
  { name: "assign", key: "a", when: [...DESK, ...ON_THE_WAY], fields: ["officer", "reason"], needs: ["officer"] },
  { name: "add", key: "e", when: HELD, fields: ["officer", "reason"], needs: ["officer"], also: (it) => it.holders.length < Math.max(it.seats, SEATS_MAX) },
  { name: "take_back", key: "b", when: HELD, fields: ["holder", "reason"], needs: ["holder", "reason"] },
  { name: "preempt", key: "v", when: DESK, fields: ["busy", "reason"], needs: ["busy"], also: (it, state) => pullable(it, state).length > 0 },
  { name: "ask_welfare", key: "w", when: HELD, fields: ["holder", "reason"], needs: ["holder"] },
  { name: "reoffer", key: "o", when: DESK, fields: ["reason"], needs: [] },
  { name: "hold", key: "h", when: DESK, fields: ["hold_min", "reason"], needs: ["hold_min"] },
  { name: "offer_appointment", key: "p", when: DESK, fields: ["begins", "lasts_min", "reason"], needs: ["begins", "lasts_min"] },
  { name: "close", key: "d", when: DESK, fields: ["disposition", "manner", "reason"], needs: ["disposition"] },
  { name: "refer", key: "r", when: DESK, fields: ["referred_to", "reason"], needs: ["referred_to", "reason"] },
  { name: "hand_over", key: "x", when: DESK, fields: ["to_station", "reason"], needs: ["to_station", "reason"] },
  { name: "merge", key: "m", when: OPEN, fields: ["reports", "reason"], needs: ["reports", "reason"] },
  { name: "split", key: "s", when: OPEN, fields: ["words", "own_reports", "reason"], needs: ["words", "reason"] },
  { name: "unmerge", key: "u", when: ["merged"], fields: ["reason"], needs: ["reason"] },
  { name: "reclassify", key: "f", when: ["cleared"], fields: ["disposition", "reason"], needs: ["disposition"], supervisor: true },
];
export const BY_NAME = Object.fromEntries(ACTS.map((act) => [act.name, act]));

/** Officers on their way to something less urgent: who may be pulled here. @param {DeskCase} it @param {State} state */
export function pullable(it, state) {
  const own = priorityOf(it.category, state.categories);
  return Object.values(state.cases).filter((one) => HELD.includes(one.status) && one.station === it.station && priorityOf(one.category, state.categories) > own)
    .flatMap((one) => one.holders.filter((seat) => seat.state !== "on_scene" && seat.watch !== "asked" && seat.watch !== "missed").map((seat) => ({ ...seat, from_case: one.case })));
}

const PRIORITY = 3;
/** 1 the most urgent, 5 the least. @param {string} category @param {import("./state.js").Category[]} categories */
export const priorityOf = (category, categories) => categories.find((one) => one.id === category)?.priority ?? PRIORITY;

/** The acts that make sense for this case now. What the reporter objected to waits for a supervisor. @param {DeskCase | null} it @param {State} state @returns {Act[]} */
export function allowed(it, state) {
  if (!it) return [];
  const waits = it.objected && it.status === "at_station" && state.me?.role !== "supervisor";
  if (waits) return [];
  return ACTS.filter((act) => act.when.includes(it.status) && (!act.supervisor || state.me?.role === "supervisor") && (act.also?.(it, state) ?? true));
}

/** @param {string} name @param {DeskCase | null} it @param {State} state */
export const mayDo = (name, it, state) => allowed(it, state).some((act) => act.name === name);

/** May be written to: as long as it is open. @param {DeskCase} it */
export const mayTalk = (it) => Boolean(it) && OPEN.includes(it.status);

/** What a desk may say of the end; a hoax is a supervisor's word. @param {State} state */
export const dispositionsOf = (state) => ["advice_given", "report_taken", "founded", "unfounded", "gone_on_arrival", "referred", "duplicate",
  ...(state.me?.role === "supervisor" ? ["hoax"] : [])];

const MIN_MS = 60_000;
/** Minutes from now until a local date and time, as an appointment says it. @param {string} local @param {number} wall_ms */
export const minutesUntil = (local, wall_ms) => Math.round((Date.parse(local) - wall_ms) / MIN_MS);

/**
 * The first thing of a form that is still missing, by the name of its field; null where it can be sent.
 * @param {string} name @param {Record<string, any>} values @param {number} wall_ms @returns {string | null}
 */
export function missing(name, values, wall_ms) {
  for (const field of BY_NAME[name].needs) {
    const said = values[field];
    if (Array.isArray(said) ? !said.length : !String(said ?? "").trim()) return field;
  }
  if (values.hold_min !== undefined && BY_NAME[name].fields.includes("hold_min") && !between(values.hold_min, 1, 720)) return "hold_min";
  if (BY_NAME[name].fields.includes("begins") && !between(minutesUntil(values.begins, wall_ms), 1, 20_160)) return "begins";
  return null;
}

/** @param {unknown} said @param {number} least @param {number} most */
const between = (said, least, most) => Number.isInteger(Number(said)) && Number(said) >= least && Number(said) <= most;

/**
 * The message that a filled form becomes, without its key.
 * @param {string} name @param {string} id @param {Record<string, any>} values @param {State} state @param {number} wall_ms @returns {import("../shared/dom.js").Message}
 */
export function messageOf(name, id, values, state, wall_ms) {
  const reason = (values.reason ?? "").trim();
  const why = reason ? { reason } : {};
  const own = { t: name, case: id };
  switch (name) {
    case "assign":
    case "add":
      return { ...own, officer: values.officer, ...why };
    case "take_back":
    case "ask_welfare":
      return { ...own, officer: values.holder, ...why };
    case "preempt": {
      const from = pullable(state.cases[id], state).find((one) => one.officer === values.busy);
      return { ...own, officer: values.busy, from_case: from?.from_case, ...why };
    }
    case "hold":
      return { ...own, hold_min: Number(values.hold_min), ...why };
    case "offer_appointment":
      return { ...own, hold_min: minutesUntil(values.begins, wall_ms), lasts_min: Number(values.lasts_min), ...why };
    case "close":
      return values.manner === "written" ? { t: "cleared", case: id, disposition: values.disposition }
        : { t: "close_by_telephone", case: id, disposition: values.disposition, ...why };
    case "refer":
      return { ...own, referred_to: values.referred_to.trim(), ...why };
    case "hand_over":
      return { ...own, to_station: values.to_station, ...why };
    case "merge":
      return { ...own, reports: values.reports, ...why };
    case "split":
      return { ...own, words: values.words.trim(), reports: values.own_reports ?? [], ...why };
    case "reclassify":
      return { ...own, disposition: values.disposition, ...why };
    default:
      return { ...own, ...why };
  }
}

/** What a form begins with. @param {string} name @param {DeskCase} it @returns {Record<string, any>} */
export const begun = (name, it) => (/** @type {Record<string, Record<string, any>>} */ ({
  hold: { hold_min: "30" },
  offer_appointment: { lasts_min: "30" },
  close: { manner: "telephone" },
  ask_welfare: { holder: it.holders[0]?.officer ?? "" },
  take_back: { holder: it.holders.length === 1 ? it.holders[0].officer : "" },
  split: { own_reports: [] },
  merge: { reports: [] },
})[name] ?? {});
