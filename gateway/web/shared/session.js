/** Who is signed in on this kind of page, as far as the page itself remembers. */

import { call } from "./http.js";
import { waitBefore } from "./line.js";

/**
 * Who is signed in on this kind of page. The session itself is a cookie that no script can read; kept here is only that
 * there was one, so that a page that nobody signed in on asks nothing.
 * @param {string} name @param {Storage} [storage]
 */
export const session = (name, storage = localStorage) => {
  const mark = `onbeat.signed.${name}`;
  /** @type {any} */
  let held = null;
  /** @type {Promise<any> | null} */
  let ahead = null;
  const kept = {
    read: () => held,
    write: (/** @type {any} */ signed) => {
      held = signed;
      storage.setItem(mark, "1");
    },
    forget: () => {
      held = null;
      storage.removeItem(mark);
    },
    /** Whether somebody signed in here, as far as is known without asking. */
    marked: () => storage.getItem(mark) !== null,
    /** Asks who I am while the words are still on their way: a round trip less until the page can be used. */
    ahead: () => {
      ahead ??= kept.asked();
    },
    /** After a reload: who I am, asked as long as it takes to be answered. @returns {Promise<any>} */
    restore: () => {
      const asked = ahead ?? kept.asked();
      ahead = null;
      return asked;
    },
    /** @returns {Promise<any>} */
    asked: async () => {
      for (let attempt = 0; kept.marked(); attempt += 1) {
        try {
          held = await call("GET", "/v1/me");
          return held;
        } catch (thrown) {
          const refused = /** @type {any} */ (thrown);
          if (refused.status === 401 || refused.status === 403) kept.forget();
          else await new Promise((go) => setTimeout(go, Math.max(waitBefore(attempt), (refused.retry_after_s ?? 0) * 1000)));
        }
      }
      return null;
    },
  };
  return kept;
};
