/** Reads what a view returned, without a page. */

/** What stands in a node; in one that draws itself, what is shown until it does. */
const kidsOf = (tree) => (tree.attrs.live ? [tree.attrs.live.instead()] : joined(tree.kids));

/** A place where a line may be broken parts no text. */
const joined = (kids) => kids.reduce((found, kid, at) => {
  if (kids[at - 1]?.tag === "wbr" && typeof kid === "string") return [...found.slice(0, -1), found.at(-1) + kid];
  return kid.tag === "wbr" ? found : [...found, kid];
}, []);

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
