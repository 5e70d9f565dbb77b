/** Reads what a view returned, without a page. */

/** What stands in a node; in one that draws itself, what is shown until it does. */
const kidsOf = (tree) => (tree.attrs.live ? [tree.attrs.live.instead()] : tree.kids);

/** Every text of a tree, in reading order. */
export function texts(tree) {
  if (Array.isArray(tree)) return tree.filter(Boolean).flatMap(texts);
  if (tree === null || tree === undefined || tree === false) return [];
  return typeof tree === "string" ? [tree] : kidsOf(tree).flatMap(texts);
}

/** Every node for which `wanted(attrs)` holds. */
export function nodes(tree, wanted) {
  if (Array.isArray(tree)) return tree.filter(Boolean).flatMap((one) => nodes(one, wanted));
  if (!tree || typeof tree === "string") return [];
  return [...(wanted(tree.attrs) ? [tree] : []), ...kidsOf(tree).flatMap((kid) => nodes(kid, wanted))];
}
