/** Reads what a view returned, without a page. */

/** Every text of a tree, in reading order. */
export function texts(tree) {
  if (Array.isArray(tree)) return tree.filter(Boolean).flatMap(texts);
  if (tree === null || tree === undefined || tree === false) return [];
  return typeof tree === "string" ? [tree] : tree.kids.flatMap(texts);
}

/** Every node for which `wanted(attrs)` holds. */
export function nodes(tree, wanted) {
  if (Array.isArray(tree)) return tree.filter(Boolean).flatMap((one) => nodes(one, wanted));
  if (!tree || typeof tree === "string") return [];
  return [...(wanted(tree.attrs) ? [tree] : []), ...tree.kids.flatMap((kid) => nodes(kid, wanted))];
}
