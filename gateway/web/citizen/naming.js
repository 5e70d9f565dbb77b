/** A number that a code has confirmed: the part of the citizen's state for reporting with one. Pure. */

export const NAMING = {
  phones: /** @type {boolean | null} */ (null), // whether numbers can be confirmed here; null: not known yet
  phone_asked: /** @type {string | null} */ (null), // what the code on its way belongs to
  phone_code: "",
  phone_going: /** @type {"ask" | "confirm" | null} */ (null),
  phone_refused: /** @type {{code: string, detail?: string} | null} */ (null),
};

/**
 * @template {typeof NAMING & {draft: {how: string, number: string, phone: string | null}, wrong: Record<string, string>}} S
 * @param {S} state @param {import("../shared/dom.js").Message} m @returns {S}
 */
export function reduceNaming(state, m) {
  switch (m.t) {
    case "phones":
      return { ...state, phones: m.offered, draft: m.offered ? state.draft : { ...state.draft, how: "nameless", phone: null } };
    case "ui.typed":
      // Another number is another confirmation.
      return m.field === "number" ? { ...state, phone_asked: null, phone_code: "", phone_refused: null, draft: { ...state.draft, phone: null } } : state;
    case "ui.phone_code":
      return { ...state, phone_code: m.value, phone_refused: null };
    case "ui.phone_ask":
      return state.draft.number.trim() ? { ...state, phone_going: "ask", phone_refused: null } : state;
    case "ui.phone_again":
      return { ...state, phone_asked: null, phone_code: "", phone_refused: null };
    case "ui.phone_confirm":
      return state.phone_asked && digits(state.phone_code) ? { ...state, phone_going: "confirm", phone_refused: null } : state;
    case "phone_sent":
      return { ...state, phone_going: null, phone_asked: m.phone, phone_code: "" };
    case "phone_confirmed": {
      const { number: _number, ...wrong } = state.wrong;
      return { ...state, wrong, phone_going: null, phone_asked: null, phone_code: "", draft: { ...state.draft, phone: m.phone } };
    }
    case "phone_refused":
      return { ...state, phone_going: null, phone_refused: m.refused };
    case "report_refused": // a confirmation lasts a day, a draft longer
      return m.refused.code === "phone_not_confirmed" ? { ...state, draft: { ...state.draft, phone: null } } : state;
    default:
      return state;
  }
}

/** The six digits of a code, however they were typed; "" where it is none. @param {string} typed */
export const digits = (typed) => (/^\d{6}$/.test(typed.replace(/\D/g, "")) ? typed.replace(/\D/g, "") : "");
