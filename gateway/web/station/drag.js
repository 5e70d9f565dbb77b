/**
 * An officer dragged to a case, by mouse, pen or finger, from the list or the map: to a row, a mark or the card. Nothing
 * depends on it: the same is done by the keys `a` and `e`.
 */

import { drawn } from "../shared/map.js";
import { CLOSED } from "./acts.js";

/** @typedef {import("./state.js").State} State */

const FAR_PX = 6; // less is a press

const NEAR_PX = 22; // of a mark: half a touch target

/**
 * The officer and the case that are drawn at a point of the map; whoever draws it keeps to the page's camera. Pure.
 * @param {State} state @param {number} ratio height by width of what the camera shows
 * @param {{left: number, top: number, width: number, height: number}} rect of the map @param {number} x @param {number} y
 */
export function drawnAt(state, ratio, rect, x, y) {
  const { camera } = state;
  if (!camera) return { officer: null, id: null };
  const scale = Math.min(rect.width / camera.wide_m, rect.height / (camera.wide_m * ratio));
  const away = (/** @type {import("./state.js").Spot} */ spot) => {
    const at = drawn(camera, spot);
    return Math.hypot(rect.left + rect.width / 2 + at.x * scale - x, rect.top + rect.height / 2 + at.y * scale - y);
  };
  const nearest = (/** @type {[string, import("./state.js").Spot][]} */ all) => all.map(([id, spot]) => ({ id, px: away(spot) })).filter((one) => one.px <= NEAR_PX).sort((a, b) => a.px - b.px)[0]?.id ?? null;
  return { officer: nearest(Object.entries(state.at).filter(([id]) => id in state.officers)),
    id: nearest(Object.values(state.cases).filter((one) => !CLOSED.has(one.status)).map((one) => [one.case, one.place])) };
}

/** @param {{root: HTMLElement, state: () => State, ratio: number, dropped: (officer: string, id: string) => void}} parts */
export function dragging({ root, state, ratio, dropped }) {
  /** @type {{officer: string, sign: string, x: number, y: number, ghost: HTMLElement | null, over: Element | null} | null} */
  let held = null;

  const target = (/** @type {PointerEvent} */ event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-drop], [data-card]") ?? null;
  const onMap = (/** @type {MouseEvent | PointerEvent} */ event) => {
    const map = document.elementFromPoint(event.clientX, event.clientY)?.closest(".picture .map");
    return map ? drawnAt(state(), ratio, map.getBoundingClientRect(), event.clientX, event.clientY) : null;
  };
  const caseAt = (/** @type {PointerEvent} */ event, /** @type {Element | null} */ over) => over?.getAttribute("data-drop") ?? over?.getAttribute("data-card") ?? onMap(event)?.id ?? null;

  function end() {
    held?.ghost?.remove();
    held?.over?.classList.remove("over");
    document.documentElement.classList.remove("dragging");
    held = null;
  }

  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || /** @type {Element} */ (event.target).closest("button")) return;
    const officer = /** @type {Element} */ (event.target).closest("[data-drag]")?.getAttribute("data-drag") ?? onMap(event)?.officer ?? null;
    const person = officer ? state().officers[officer] : null;
    if (officer && person) held = { officer, sign: person.call_sign, x: event.clientX, y: event.clientY, ghost: null, over: null };
  }, true);
  // The map would move along: what begins on an officer is the officer's.
  for (const name of ["mousedown", "touchstart"]) {
    root.addEventListener(name, (event) => {
      if (held && /** @type {Element} */ (event.target).closest(".map .gl")) event.stopPropagation();
    }, { capture: true, passive: true });
  }

  addEventListener("pointermove", (event) => {
    if (!held) return;
    if (!held.ghost) {
      if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR_PX) return;
      held.ghost = document.createElement("div");
      held.ghost.className = "drag-ghost";
      held.ghost.textContent = held.sign;
      document.body.append(held.ghost);
      document.documentElement.classList.add("dragging");
    }
    event.preventDefault();
    held.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 8}px)`;
    const over = target(event);
    const id = caseAt(event, over);
    held.ghost.textContent = id && state().cases[id] ? `${held.sign} → ${state().cases[id].words.slice(0, 24)}` : held.sign;
    if (over !== held.over) {
      held.over?.classList.remove("over");
      over?.classList.add("over");
      held.over = over;
    }
  });

  addEventListener("pointerup", (event) => {
    if (!held) return;
    const id = held.ghost ? caseAt(event, target(event)) : null;
    const { officer } = held;
    end();
    if (id) dropped(officer, id);
  });
  addEventListener("pointercancel", end);
  addEventListener("keydown", (event) => event.key === "Escape" && end());
}
