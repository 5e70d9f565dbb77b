/**
 * What a view returns and how it reaches the page: a view is a pure function of the state to a tree of plain nodes,
 * and `show` changes as little of the document as it can, so focus, selection and typed words stay where they are.
 *
 * Handlers are messages, not functions (`onclick: {t: "ui.take"}`): a view can be compared and tested without a page.
 *
 * @typedef {{tag: string, attrs: Record<string, any>, kids: Kid[]}} Tree
 * @typedef {Tree | string} Kid
 * @typedef {Kid | number | null | undefined | false | Given[]} Given what may stand among the kids of a node
 * @typedef {{t: string, [more: string]: any}} Message what a reducer hears: of the server, of a person, of the clock
 * @typedef {(message: Message) => void} Send
 * @typedef {any} Drawn a node of the document, with what is remembered on it: its key and its last attributes
 */

/**
 * Something that draws itself inside a node, such as a map: the attribute `live` of a node holds plain data, whose
 * `kind` names who draws it. Until that one has taken over, and where it cannot, `instead()` is shown; then `shell()` keeps its room.
 *
 * @typedef {{kind: string, parts: any, instead: () => Kid, shell: () => Kid}} Live `shell`: as large, and empty
 * @typedef {{update: (parts: any) => boolean, end: () => void}} Drawing `update`: true once it draws the node itself
 * @typedef {(place: HTMLElement, parts: any, send: Send, changed: () => void) => Drawing} Draws
 *   `place`: an empty element of its own; `changed`: to be called when `update` would answer otherwise
 */

/** @type {Map<string, Draws>} */
const DRAWING = new Map();
/** @type {Set<Drawn>} */
const living = new Set();

/** Who draws nodes of this kind. @param {string} kind @param {Draws} draws */
export const drawsItself = (kind, draws) => DRAWING.set(kind, draws);

const SVG = "http://www.w3.org/2000/svg";
/** Set as properties, because the attribute says only how an input begins. */
const PROPERTIES = new Set(["value", "checked", "open", "disabled"]);

/**
 * @param {string} tag @param {Record<string, any> | null} attrs @param {Given[]} kids
 * @returns {Tree} A node; null, undefined, false and "" among the kids are left out.
 */
export function h(tag, attrs, ...kids) {
  const told = /** @type {any[]} */ (kids).flat(Infinity).filter((kid) => kid !== null && kid !== undefined && kid !== false && kid !== "");
  return { tag, attrs: attrs ?? {}, kids: told.map((kid) => (typeof kid === "object" ? kid : String(kid))) };
}

/**
 * Makes what stands in `root` equal to `kids`. `send` hears the messages of the handlers.
 * @param {Element} root @param {(Kid | null | undefined | false)[]} kids @param {Send} send
 */
export function show(root, kids, send) {
  patchKids(root, /** @type {Kid[]} */ (kids.filter(Boolean)), send);
  for (const node of living) {
    if (node.isConnected) continue;
    node.onbeatDrawing.end();
    living.delete(node);
  }
}

/** @param {Kid} kid */
const keyOf = (kid) => (typeof kid === "string" ? null : kid.attrs.key ?? null);
/** @param {Drawn} node @param {Kid} kid */
const fits = (node, kid) =>
  typeof kid === "string"
    ? node.nodeType === 3
    : node.nodeType === 1 && node.localName === kid.tag && (node.onbeatKey ?? null) === keyOf(kid);

/** @param {Drawn} parent @param {Kid[]} kids @param {Send} send */
function patchKids(parent, kids, send) {
  const keyed = new Map();
  for (const node of parent.childNodes) if (node.onbeatKey != null) keyed.set(node.onbeatKey, node);
  const wanted = new Set(kids.map(keyOf).filter((key) => key !== null));
  let at = parent.firstChild;
  for (const kid of kids) {
    const key = keyOf(kid);
    const kept = key === null ? null : keyed.get(key);
    if (kept && kept !== at && fits(kept, kid)) {
      // What stands before it and is not wanted any more goes: moving the node would take the focus from what is inside.
      while (at && at !== kept && !wanted.has(at.onbeatKey ?? null)) {
        const gone = at;
        at = at.nextSibling;
        parent.removeChild(gone);
      }
      if (at === kept) at = at.nextSibling;
      else parent.insertBefore(kept, at);
    } else if (!at || !fits(at, kid)) {
      // A keyed node that stands in the way may be wanted further on; anything else is replaced.
      const made = make(parent, kid);
      if (at && (at.onbeatKey ?? null) === null && key === null) {
        const old = at;
        at = at.nextSibling;
        parent.replaceChild(made, old);
      } else parent.insertBefore(made, at);
      fill(made, kid, send);
      continue;
    } else at = at.nextSibling;
    fill(kept ?? (at ? at.previousSibling : parent.lastChild), kid, send);
  }
  while (at) {
    const next = at.nextSibling;
    parent.removeChild(at);
    at = next;
  }
}

/** @param {Drawn} parent @param {Kid} kid @returns {Drawn} */
function make(parent, kid) {
  if (typeof kid === "string") return document.createTextNode(kid);
  const inside = parent.namespaceURI === SVG && parent.localName !== "foreignObject";
  /** @type {Drawn} */
  const node = kid.tag === "svg" || inside ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
  if (keyOf(kid) !== null) node.onbeatKey = keyOf(kid);
  return node;
}

/** @param {Drawn} node @param {Kid} kid @param {Send} send */
function fill(node, kid, send) {
  if (typeof kid === "string") {
    if (node.data !== kid) node.data = kid;
    return;
  }
  // The very same tree as the last time: a view has kept it, and nothing in it has changed.
  if (node.onbeatTree === kid) return;
  node.onbeatTree = kid;
  const before = node.onbeatAttrs ?? {};
  const { attrs } = kid;
  for (const name of Object.keys(before)) if (!(name in attrs)) setOne(node, name, null, send);
  // A select knows its value only once its options stand.
  if (attrs.live) drawLive(node, attrs.live, send);
  else patchKids(node, kid.kids, send);
  for (const [name, value] of Object.entries(attrs)) {
    if (before[name] !== value || PROPERTIES.has(name)) setOne(node, name, value, send);
  }
  node.onbeatAttrs = attrs;
}

/** @param {Drawn} node @param {Live} live @param {Send} send */
function drawLive(node, live, send) {
  node.onbeatLive = live;
  if (!node.onbeatPlaces) {
    node.onbeatPlaces = ["instead", "itself"].map((name) => Object.assign(document.createElement("div"), { className: name }));
    node.replaceChildren(...node.onbeatPlaces);
  }
  const [instead, itself] = node.onbeatPlaces;
  const draws = DRAWING.get(live.kind);
  if (draws && !node.onbeatDrawing) {
    node.onbeatDrawing = draws(itself, live.parts, send, () => node.isConnected && drawLive(node, node.onbeatLive, send));
    living.add(node);
  }
  const taken = node.onbeatDrawing?.update(live.parts) ?? false;
  instead.className = taken ? "instead taken" : "instead";
  patchKids(instead, [taken ? live.shell() : live.instead()], send);
}

/** @param {Drawn} node @param {string} name @param {any} value @param {Send} send */
function setOne(node, name, value, send) {
  if (name === "key" || name === "live") return;
  if (name.startsWith("on")) {
    node[name] = value ? (/** @type {any} */ event) => heard(event, value, send) : null;
  } else if (PROPERTIES.has(name) && name in node) {
    if (node[name] !== (value ?? "")) node[name] = value ?? (typeof node[name] === "boolean" ? false : "");
  } else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/**
 * The message with what the event adds: the field's value, the key pressed, the point in the element's own units.
 * @param {any} event @param {Message & {keys?: Record<string, unknown>}} message @param {Send} send
 */
function heard(event, message, send) {
  const told = { ...message };
  const target = event.currentTarget;
  if (event.type === "submit" || event.type === "contextmenu") event.preventDefault();
  if (event.type === "input" || event.type === "change") told.value = target.value;
  if (event.type === "toggle") told.value = target.open;
  if (event.type === "keydown" || event.type === "keyup") {
    if (message.keys && !(event.key in message.keys)) return;
    if (message.keys) told.did = message.keys[event.key];
    told.repeat = event.repeat;
    event.preventDefault();
  }
  if (event.type === "click" && target.createSVGPoint) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(target.getScreenCTM().inverse());
    told.x = point.x;
    told.y = point.y;
  }
  send(told);
}
