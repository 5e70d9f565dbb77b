/**
 * An officer dragged to a case, by mouse, pen or finger, from the list or the map: to a row, a mark or the card. Nothing
 * depends on it: the same is done by the keys `a` and `e`.
 */

const FAR_PX = 6; // less is a press

/** @param {HTMLElement} root @param {(officer: string, id: string) => void} dropped */
export function dragging(root, dropped) {
  /** @type {{officer: string, sign: string, x: number, y: number, ghost: HTMLElement | null, over: Element | null} | null} */
  let held = null;

  const target = (/** @type {PointerEvent} */ event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-drop], [data-card]") ?? null;

  function end() {
    held?.ghost?.remove();
    held?.over?.classList.remove("over");
    document.documentElement.classList.remove("dragging");
    held = null;
  }

  root.addEventListener("pointerdown", (event) => {
    const from = /** @type {Element} */ (event.target).closest("[data-drag]");
    if (!from || event.button !== 0) return;
    held = { officer: from.getAttribute("data-drag") ?? "", sign: from.getAttribute("data-officer") ?? from.textContent?.trim() ?? "", x: event.clientX, y: event.clientY, ghost: null, over: null };
  });

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
    if (over !== held.over) {
      held.over?.classList.remove("over");
      over?.classList.add("over");
      held.over = over;
    }
  });

  addEventListener("pointerup", (event) => {
    if (!held) return;
    const over = held.ghost ? target(event) : null;
    const id = over?.getAttribute("data-drop") ?? over?.getAttribute("data-card") ?? null;
    const { officer } = held;
    end();
    if (id) dropped(officer, id);
  });
  addEventListener("pointercancel", end);
  addEventListener("keydown", (event) => event.key === "Escape" && end());
}
