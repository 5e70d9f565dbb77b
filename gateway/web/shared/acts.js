/**
 * Acts that must be judged exactly once. An act is kept under its key before it is sent; after a dead line the key
 * is asked about first, and only what the server never received is sent again, with the same key.
 *
 * @typedef {{t: string, key: string, [more: string]: any}} Kept an act with its key
 */

const KEPT_S_MAX = 15 * 60;

/** 36 characters that nobody else makes; without `randomUUID` (plain http on a phone) from 128 random bits. */
export function newKey(source = globalThis.crypto) {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Acts {
  /** @param {Storage} storage @param {string} name which page's acts @param {() => number} wall_ms */
  constructor(storage, name, wall_ms = Date.now) {
    this.storage = storage;
    this.name = `onbeat.acts.${name}`;
    this.wall_ms = wall_ms;
  }

  /**
   * Kept, oldest first; what is older than 15 minutes has been answered by the world.
   * @returns {{act: Kept, at_ms: number}[]}
   */
  all() {
    /** @type {{act: Kept, at_ms: number}[]} */
    const kept = JSON.parse(this.storage.getItem(this.name) ?? "[]");
    return kept.filter((one) => this.wall_ms() - one.at_ms < KEPT_S_MAX * 1000);
  }

  /** Keeps the act and returns it with its key. @param {{t: string, key?: string, [more: string]: any}} act @returns {Kept} */
  keep(act) {
    const keyed = { ...act, key: act.key ?? newKey() };
    const others = this.all().filter((one) => one.act.key !== keyed.key);
    this.#write([...others, { act: keyed, at_ms: this.wall_ms() }]);
    return keyed;
  }

  /** The act with this key, or null. @param {string} key */
  find(key) {
    return this.all().find((one) => one.act.key === key)?.act ?? null;
  }

  /** The server has judged it. @param {string} key */
  settle(key) {
    this.#write(this.all().filter((one) => one.act.key !== key));
  }

  /** @param {{act: Kept, at_ms: number}[]} kept */
  #write(kept) {
    if (kept.length) this.storage.setItem(this.name, JSON.stringify(kept));
    else this.storage.removeItem(this.name);
  }
}
