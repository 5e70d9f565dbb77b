/** Works beside the page, which stays alive meanwhile: hears what is asked, says how far it is, at last the answer. */

import { solving } from "../shared/work.js";

const here = /** @type {any} */ (globalThis);

here.addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
  const steps = solving(data);
  let done = 0;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) {
      here.postMessage({ answer: step.value });
      return;
    }
    if (step.value !== done) here.postMessage({ done: (done = step.value) });
  }
});
