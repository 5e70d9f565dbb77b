/** Where the officer is, and what the map looks at. Pure; inside the page every place is WGS-84. */

import { cameraForAreas, meant, nudged, zoomed } from "../shared/map.js";

/**
 * @typedef {import("./reducer.js").State} State
 * @typedef {import("../shared/places.js").Point} Point
 */

export const RATIO = 0.6;

/** @param {State} state @param {any} m */
export function reducePlace(state, m) {
  switch (m.t) {
    case "fix":
      return { ...state, no_fix: false, fix: m.fix, camera: state.fix ? state.camera : { ...point(m.fix), wide_m: 3_000 } };
    case "no_fix":
      return { ...state, no_fix: true };
    case "ui.by_hand":
      return { ...state, by_hand: !state.by_hand, camera: state.camera ?? cameraForAreas(state.areas, RATIO) };
    case "ui.map":
      return state.camera ? placed(state, meant(state.camera, m)) : state;
    case "ui.map_key":
      return state.camera ? placed(state, nudged(state.camera, state.fix ?? state.camera, m.did)) : state;
    case "ui.camera":
      return { ...state, camera: m.camera };
    case "ui.zoom":
      return state.camera ? { ...state, camera: { ...zoomed(state.camera, m.did), ...(m.did === "in" && state.fix ? point(state.fix) : {}) } } : state;
    default:
      return state;
  }
}

/** @param {Point} point */
const point = ({ lat, lon }) => ({ lat, lon });

/** @param {State} state @param {Point} point @returns {State} */
function placed(state, { lat, lon }) {
  if (!state.by_hand) return state;
  return { ...state, fix: { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)), accuracy_m: 10, source: "hand" }, no_fix: false };
}
