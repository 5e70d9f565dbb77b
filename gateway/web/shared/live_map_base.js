/**
 * The picture under our own layers, as the operator set it (`ONBEAT_TILES`): a style, raster or vector tiles, PMTiles, or
 * nothing at all. Drawn in the page's own quiet colours, so that cases and officers stay what is seen first.
 *
 * @typedef {import("./live_map_style.js").Colours} Colours
 * @typedef {{tiles: string, attribution: string}} Base as /static/shared/basemap.json says it
 * @typedef {{sources: Record<string, any>, layers: any[]}} Under
 */

/** @param {string} tiles @returns {"none" | "style" | "raster" | "vector" | "pmtiles"} */
export function kindOf(tiles) {
  const path = tiles.split(/[?#]/)[0].toLowerCase();
  if (!tiles) return "none";
  if (path.endsWith(".pmtiles")) return "pmtiles";
  if (!tiles.includes("{z}")) return "style";
  return /\.(pbf|mvt)$/.test(path) ? "vector" : "raster";
}

/** Sources and layers under ours; a style of its own is not for here. @param {Base} base @param {Colours} c @param {string} lang @param {"raster" | "vector" | null} inside of a PMTiles archive */
export function under(base, c, lang, inside = null) {
  const kind = kindOf(base.tiles);
  if (kind === "pmtiles") {
    const url = `pmtiles://${base.tiles}`;
    return inside === "raster" ? raster({ url }) : vector({ url }, c, lang);
  }
  if (kind === "raster") return raster({ tiles: [base.tiles] });
  if (kind === "vector") return vector({ tiles: [base.tiles] }, c, lang);
  return { sources: {}, layers: [] };
}

/** @param {Record<string, unknown>} where @returns {Under} */
const raster = (where) => ({
  sources: { base: { type: "raster", tileSize: 256, ...where } },
  layers: [{ id: "base", type: "raster", source: "base", paint: { "raster-saturation": -0.5, "raster-fade-duration": 0 } }],
});

/** Both common layouts of vector tiles, OpenMapTiles' and Protomaps': a layer that a tile has not draws nothing. @param {Record<string, unknown>} where @param {Colours} c @param {string} lang @returns {Under} */
function vector(where, c, lang) {
  /** @param {string} id @param {string} layer @param {string} colour */
  const fill = (id, layer, colour) => ({ id: `base-${id}`, type: "fill", source: "base", "source-layer": layer, paint: { "fill-color": colour } });
  /** @param {string} id @param {string} layer @param {string} colour @param {number} wide */
  const line = (id, layer, colour, wide) => ({ id: `base-${id}`, type: "line", source: "base", "source-layer": layer,
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 8, wide / 4, 14, wide, 18, wide * 6] } });
  const called = ["coalesce", ["get", lang === "en" ? "name:en" : "name:zh"], ["get", "name"]];
  /** @param {string} id @param {string} layer @param {number} size @param {boolean} along */
  const names = (id, layer, size, along) => ({ id: `base-${id}`, type: "symbol", source: "base", "source-layer": layer,
    layout: { "text-field": called, "text-font": ["sans-serif"], "text-size": size, "symbol-placement": along ? "line" : "point" },
    paint: { "text-color": c.quiet, "text-halo-color": c.surface, "text-halo-width": 1 } });
  return {
    sources: { base: { type: "vector", ...where } },
    layers: [
      fill("earth", "earth", c.ground), fill("landcover", "landcover", c.land), fill("park", "park", c.land),
      fill("water", "water", c.water), line("waterway", "waterway", c.water, 1),
      fill("buildings", "buildings", c.surface), fill("building", "building", c.surface),
      line("roads", "roads", c.surface, 2), line("transportation", "transportation", c.surface, 2),
      names("roads-names", "roads", 11, true), names("transportation-names", "transportation_name", 11, true),
      names("places", "places", 13, false), names("place", "place", 13, false),
    ],
  };
}

/** Words without marks: tile sources may give their attribution as HTML. @param {string} text */
export const plainWords = (text) => text.replace(/<[^>]*>/g, "").replace(/&copy;/g, "©").replace(/&amp;/g, "&").trim();
