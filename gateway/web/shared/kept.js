/**
 * What a page keeps on this device, as JSON. A browser that forbids storage (private mode, full disk) costs the memory,
 * never the page: reading then gives null, and writing does nothing.
 */

/** @param {() => Storage} storage asked each time: the mere access may throw */
export const keeper = (storage) => ({
  /** @param {string} name @returns {any} null where nothing is kept */
  read(name) {
    try {
      return JSON.parse(storage().getItem(name) ?? "null");
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {unknown} value @returns {boolean} whether it is kept */
  write(name, value) {
    try {
      storage().setItem(name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  /** @param {string} name */
  forget(name) {
    try {
      storage().removeItem(name);
    } catch {
      // nothing is kept there
    }
  },
});

export const onDevice = keeper(() => localStorage);
export const inTab = keeper(() => sessionStorage);
