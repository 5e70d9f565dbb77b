/** The live map itself, by MapLibre GL. Fetched by `live_map.js` when a map is to be drawn; nothing else imports it. */

import "./trusted.js";
import * as library from "/static/vendor/maplibre-gl/maplibre-gl.mjs";
import { kindOf, plainWords, under } from "./live_map_base.js";
import { areaFeatures, cameraOf, haloFeatures, markFeatures, nameFeatures, ownLayers, ownSources, pictures, zoomFor } from "./live_map_style.js";
import { ARROWS, drawn as drawnIn, meant } from "./map.js";
import { namesOn } from "./names.js";

/** @type {typeof import("maplibre-gl")} */
const { Map: GlLibraryMap, addProtocol, setWorkerUrl } = library;

/** How long a person's own movement of the map is left alone by what the page follows. */
const HANDS_OFF_MS = 15_000;
const SWIFT_MS = 160;
const ZOOM_MIN = 3;
const ZOOM_MAX = 19;
const PICTURE_PX = 64; // drawn at twice the size it is shown at
const PICTURE_SCALE = 2;

setWorkerUrl("/static/vendor/maplibre-gl/maplibre-gl-worker.mjs");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The tokens as they are now. @returns {import("./live_map_style.js").Colours} */
function colours() {
  const told = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => told.getPropertyValue(`--${name}`).trim();
  return { ground: of("ground"), land: of("land"), land_line: of("land-line"), accent: of("accent"), accent_soft: of("accent-soft"), amber: of("amber"),
    green: of("green"), red: of("red"), ink: of("ink"), quiet: of("quiet"), surface: of("surface"), water: of("water"), alarm: of("press-red") };
}

/** @type {Promise<import("./live_map_base.js").Base> | null} */
let asked = null;
const basemap = () => (asked ??= fetch("/static/shared/basemap.json").then((answer) => answer.json()).catch(() => ({ tiles: "", attribution: "" })));

/** The whole style: what lies under, then ours. @param {import("./live_map_base.js").Base} base @param {string} lang */
async function styleOf(base, lang) {
  const c = colours();
  let told = { ...base, inside: /** @type {"raster" | "vector" | null} */ (null) };
  if (kindOf(base.tiles) === "style") {
    const style = await (await fetch(base.tiles)).json();
    return { style: { ...style, sources: { ...style.sources, ...ownSources() }, layers: [...style.layers, ...ownLayers(c)] }, told };
  }
  if (kindOf(base.tiles) === "pmtiles") told = await opened(base);
  const { sources, layers } = under(base, c, lang, told.inside);
  const ground = { id: "ground", type: "background", paint: { "background-color": c.ground } };
  return { style: { version: 8, sources: { ...sources, ...ownSources() }, layers: [ground, ...layers, ...ownLayers(c)] }, told };
}

/** An archive: what is inside, and whom to thank. @param {import("./live_map_base.js").Base} base */
async function opened(base) {
  const pmtiles = await import("/static/vendor/pmtiles/pmtiles.mjs");
  const protocol = new pmtiles.Protocol();
  addProtocol("pmtiles", protocol.tile);
  const archive = new pmtiles.PMTiles(base.tiles);
  protocol.add(archive);
  const [header, metadata] = await Promise.all([archive.getHeader(), archive.getMetadata().catch(() => ({}))]);
  const inside = /** @type {"raster" | "vector"} */ (header.tileType === pmtiles.TileType.Mvt ? "vector" : "raster");
  return { ...base, inside, attribution: base.attribution || String(/** @type {any} */ (metadata).attribution ?? "") };
}

/** One map on a page. Until its first picture is drawn `update` answers false; after a lost context again. */
export class GlMap {
  /** @type {import("maplibre-gl").Map | null} */
  #map = null;
  #ready = false;
  #over = false;
  #moved_ms = -Infinity;
  #camera = "";
  #areas = /** @type {unknown} */ (null);
  #marks = "";
  #recolour = () => this.#restyle();

  /** @param {HTMLElement} place @param {import("./live_map.js").LiveParts} parts @param {import("./dom.js").Send} send @param {() => void} changed */
  constructor(place, parts, send, changed) {
    this.place = place;
    this.parts = parts;
    this.send = send;
    this.changed = changed;
    this.#open().catch(() => this.#lost());
  }

  /** @param {import("./live_map.js").LiveParts} parts */
  update(parts) {
    this.parts = parts;
    if (this.#ready) this.#draw();
    return this.#ready;
  }

  end() {
    this.#over = true;
    dark.removeEventListener("change", this.#recolour);
    this.#map?.remove();
    this.#map = null;
  }

  async #open() {
    const base = await basemap();
    const { style, told } = await styleOf(base, this.parts.words.lang);
    if (this.#over) return;
    const box = document.createElement("div");
    box.className = "gl";
    this.place.replaceChildren(box);
    const coarse = matchMedia("(pointer: coarse)").matches;
    const { words, camera } = this.parts;
    const map = new GlLibraryMap({
      container: box, style: /** @type {any} */ (style), attributionControl: false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false,
      touchPitch: false, maxPitch: 0, minZoom: ZOOM_MIN, maxZoom: ZOOM_MAX, cooperativeGestures: coarse, keyboard: !this.parts.place,
      center: [camera?.lon ?? 0, camera?.lat ?? 0], zoom: 12, canvasContextAttributes: { antialias: true },
      locale: { "Map.Title": this.parts.label, "CooperativeGesturesHandler.MobileHelpText": words.say("map.two_fingers"),
        "CooperativeGesturesHandler.WindowsHelpText": words.say("map.two_fingers"), "CooperativeGesturesHandler.MacHelpText": words.say("map.two_fingers") },
    });
    this.#map = map;
    map.touchZoomRotate.disableRotation();
    this.#pictures();
    map.jumpTo(this.#aim());
    this.#listen(map);
    // Ours is there: what lies under it may come later, or never.
    const first = () => {
      if (!["areas", "marks"].every((name) => map.getSource(name) && map.isSourceLoaded(name))) return;
      map.off("render", first);
      this.#drawnFirst(plainWords(told.attribution));
    };
    map.on("render", first);
  }

  /** @param {string} thanks */
  #drawnFirst(thanks) {
    if (this.#over) return;
    if (thanks) {
      const said = document.createElement("p");
      said.className = "thanks";
      said.textContent = thanks;
      this.place.append(said);
    }
    this.#ready = true;
    this.changed();
  }

  /** @param {import("maplibre-gl").Map} map */
  #listen(map) {
    const canvas = map.getCanvas();
    canvas.setAttribute("role", "application");
    map.once("style.load", () => this.#draw());
    map.on("click", (event) => this.#pressed(map, event));
    map.on("mousemove", (event) => {
      canvas.style.cursor = this.#under(map, event) || this.parts.place ? "pointer" : "";
    });
    map.on("moveend", (event) => {
      this.#name(map);
      this.#moved(map, event);
    });
    map.on("webglcontextlost", () => this.#lost());
    map.on("error", () => {}); // a tile that does not come leaves a hole, and no more
    canvas.addEventListener("keydown", (event) => {
      if (!this.parts.place || !(event.key in ARROWS)) return;
      event.preventDefault();
      this.send({ t: "ui.map_key", did: ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)] });
    });
    dark.addEventListener("change", this.#recolour);
  }

  /** What a page shows now: only what has changed since the last time goes to the card. */
  #draw() {
    const map = this.#map;
    const source = (/** @type {string} */ name) => /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (map?.getSource(name));
    if (!map || !source("marks")) return;
    const { areas, mine, marks, label } = this.parts;
    map.getCanvas().setAttribute("aria-label", label);
    const told = JSON.stringify(marks);
    const moved = areas !== this.#areas || told !== this.#marks;
    if (areas !== this.#areas) source("areas")?.setData(/** @type {any} */ (areaFeatures(areas, mine)));
    this.#areas = areas;
    if (told !== this.#marks) {
      source("halos")?.setData(/** @type {any} */ (haloFeatures(marks)));
      source("marks")?.setData(/** @type {any} */ (markFeatures(marks)));
    }
    this.#marks = told;
    if (moved) this.#name(map);
    this.#follow(map);
  }

  /** Names stand where they are whole in what is seen now. @param {import("maplibre-gl").Map} map */
  #name(map) {
    const [wide, high] = [this.place.clientWidth, this.place.clientHeight];
    const source = /** @type {import("maplibre-gl").GeoJSONSource | undefined} */ (map.getSource("names"));
    if (!source || !wide || !high) return;
    const { areas, mine, marks, words, zoom = true } = this.parts;
    const camera = cameraOf(map.getCenter(), map.getZoom(), high / wide, wide, high);
    const a_pixel_m = camera.wide_m / wide;
    const at = (/** @type {{lat: number, lon: number}} */ point) => {
      const { x, y } = drawnIn(camera, point);
      return { x: x / a_pixel_m, y: y / a_pixel_m };
    };
    const names = namesOn(areas, ([lon, lat]) => at({ lat, lon }), { wide, high, lang: words.lang, mine, taken: marks.map((one) => ({ ...at(one), sign: one.sign, still: one.kind !== "unit" })), buttons: zoom });
    source.setData(/** @type {any} */ (nameFeatures(names.map((one) => ({ ...one, ...meant(camera, { x: one.x * a_pixel_m, y: one.y * a_pixel_m }) })))));
  }

  /** Goes where the page looks, unless a person has just moved the map. @param {import("maplibre-gl").Map} map */
  #follow(map) {
    const wanted = JSON.stringify(this.parts.camera);
    if (wanted === this.#camera || performance.now() - this.#moved_ms < HANDS_OFF_MS) return;
    const to = this.#aim();
    if (calm.matches) map.jumpTo(to);
    else map.easeTo({ ...to, duration: SWIFT_MS });
  }

  #aim() {
    this.#camera = JSON.stringify(this.parts.camera);
    const camera = this.parts.camera ?? { lat: 0, lon: 0, wide_m: 1_000 };
    return { center: /** @type {[number, number]} */ ([camera.lon, camera.lat]), zoom: zoomFor(camera, this.parts.ratio, this.place.clientWidth || 360, this.place.clientHeight || 252) };
  }

  /** A person moved it: the page is told, so that its buttons go on from there. @param {import("maplibre-gl").Map} map @param {any} event */
  #moved(map, event) {
    if (!event.originalEvent) return;
    const camera = cameraOf(map.getCenter(), map.getZoom(), this.parts.ratio, this.place.clientWidth, this.place.clientHeight);
    this.#camera = JSON.stringify(camera);
    this.send({ t: "ui.camera", camera });
    // A page that listens now looks there itself; for one that does not, the hands are kept off for a while.
    this.#moved_ms = this.parts.camera && JSON.stringify(this.parts.camera) === this.#camera ? -Infinity : performance.now();
  }

  /** @param {import("maplibre-gl").Map} map @param {import("maplibre-gl").MapMouseEvent} event */
  #under(map, event) {
    const near = 12;
    const { x, y } = event.point;
    if (!map.getLayer("marks")) return null;
    const found = map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: ["marks"] });
    return found.map((one) => this.parts.marks[one.properties.at]).find((mark) => mark?.press) ?? null;
  }

  /** @param {import("maplibre-gl").Map} map @param {import("maplibre-gl").MapMouseEvent} event */
  #pressed(map, event) {
    const mark = this.#under(map, event);
    if (mark?.press) this.send(mark.press);
    else if (this.parts.place && this.parts.camera) {
      // The page reads the point in its own camera's metres, as it does from the plain map.
      this.send({ t: "ui.map", ...drawnIn(this.parts.camera, { lat: event.lngLat.lat, lon: event.lngLat.lng }) });
    }
  }

  #pictures() {
    const map = this.#map;
    if (!map) return;
    for (const [name, { path, fill, line, wide }] of Object.entries(pictures(colours()))) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = PICTURE_PX * PICTURE_SCALE;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.scale(PICTURE_SCALE, PICTURE_SCALE);
      pen.translate(PICTURE_PX / 2, PICTURE_PX / 2);
      const outline = new Path2D(path);
      Object.assign(pen, { fillStyle: fill, strokeStyle: line, lineWidth: wide * 2, lineJoin: "round" });
      pen.stroke(outline);
      pen.fill(outline);
      const drawn = pen.getImageData(0, 0, canvas.width, canvas.height);
      if (map.hasImage(name)) map.updateImage(name, drawn);
      else map.addImage(name, drawn, { pixelRatio: PICTURE_SCALE });
    }
  }

  /** The scheme has changed: everything is drawn anew in its colours. */
  async #restyle() {
    const { style } = await styleOf(await basemap(), this.parts.words.lang);
    if (!this.#map) return;
    this.#map.setStyle(/** @type {any} */ (style), { diff: false });
    this.#areas = null;
    this.#marks = "";
    this.#map.once("style.load", () => {
      this.#pictures();
      this.#draw();
    });
  }

  /** Back to the plain map. */
  #lost() {
    this.#ready = false;
    this.end();
    this.place.replaceChildren();
    this.changed();
  }
}
