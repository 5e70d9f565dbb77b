/** Has a proof of work done: beside the page where a worker can be had, else on the page, in pieces. */

import "../shared/trusted.js";

/** @typedef {import("../shared/wire.js").WorkAsked} Asked */

const WORKER = "/static/citizen/worker.js";

/** @param {Asked} asked @param {(done: number) => void} told after each part @returns {Promise<string>} for the header Onbeat-Work */
export async function workOut(asked, told) {
  try {
    return await beside(asked, told);
  } catch {
    return here(asked, told);
  }
}

/** @param {Asked} asked @param {(done: number) => void} told @returns {Promise<string>} */
function beside(asked, told) {
  return new Promise((solved, failed) => {
    const worker = new Worker(WORKER, { type: "module" });
    worker.addEventListener("error", (event) => {
      worker.terminate();
      failed(event);
    });
    worker.addEventListener("message", ({ data }) => {
      if (data.answer === undefined) return told(data.done);
      worker.terminate();
      solved(data.answer);
    });
    worker.postMessage(asked);
  });
}

/** @param {Asked} asked @param {(done: number) => void} told @returns {Promise<string>} */
async function here(asked, told) {
  const { solving } = await import("../shared/work.js");
  const steps = solving(asked);
  let done = 0;
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (step.value !== done) told((done = step.value));
    await new Promise((on) => setTimeout(on));
  }
}
