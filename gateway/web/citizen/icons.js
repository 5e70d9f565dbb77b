/** A small picture for a category; its name always stands beside it. Kinds without one of their own share a speech bubble. */

import { h } from "../shared/dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  animal: "M5 10v7M5 12h11l3-4 2 2-2 3v4M16 13v4M8 12v5M5 10 3 8",
  bicycle: "M5.5 17.5a3 3 0 1 0 0-.1M18.500 17.500a3 3 0 1 0 0-.1M5.500 14.500 9 8h6l3.500 6.500M9 8l3 6.500h-6M12 14.500 15 8M8 6h2",
  dispute: "M3 5h10v7H8l-3 3v-3H3ZM15 9h6v7h-2v3l-3-3h-5v-2",
  found_property: "M4 8h16v11H4ZM9 8V5h6v3M9 14l2 2 4-4",
  fraud: "M7 3h10v18H7ZM11 18h2M12 7v4M12 13v1",
  lost_property: "M4 8h16v11H4ZM9 8V5h6v3M12 11v3M12 16v1",
  missing_person: "M10 11a3.500 3.500 0 1 0 0-.1M4 20c0-4 3-6 6-6 2 0 3 .5 4 1.500M18 21v-1M16.500 15.500a1.500 1.500 0 1 1 1.500 2v1",
  noise: "M4 10v4h3l5 4V6L7 10ZM15 9c1.500 1.500 1.500 4.500 0 6M18 6c3 3 3 9 0 12",
  taxi_dispute: "M5 17v2M19 17v2M4 17h16v-4l-2-5H6l-2 5ZM10 8V5h4v3M7 14h1M16 14h1",
  theft: "M6 9h12l1 11H5ZM9 9V7a3 3 0 0 1 6 0v2M4 4l16 16",
  traffic: "M3 16h8v-4l-2-4H4l-1 4ZM5 16v2M9 16v2M13 16h8v-4l-1-4h-5l-2 4ZM15 16v2M19 16v2",
  vandalism: "M4 4h16v12H4ZM12 4l-2 5 4 2-3 5M4 20h16",
};
const OTHER = "M4 5h16v11h-8l-4 4v-4H4ZM8 10h1M12 10h1M16 10h1";

/** @param {string} id */
export const categoryIcon = (id) =>
  h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    h("path", { d: PATHS[id] ?? OTHER, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }));
