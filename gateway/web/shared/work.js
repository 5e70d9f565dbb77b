/**
 * The proof of work that the service asks for when a flood comes (dispatch/abuse/work.py): many small questions, each
 * answered by the least number whose SHA-256 begins with enough zero bits. Pure.
 *
 * SHA-256 is written out here because the browser's own answers a promise for each: a phone gives some 30,000 of those a
 * second, and ten times as many of these. A test compares it with the service's.
 */

/** @typedef {import("./wire.js").WorkAsked} Asked */

const WORD = 2 ** 32;
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269,
  271, 277, 281, 283, 293, 307, 311];
/** The first 32 bits of a number's fraction. @param {number} x */
const fraction = (x) => ((x - Math.floor(x)) * WORD) | 0;
const BEGIN = Int32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const ROUND = Int32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));
const W = new Int32Array(64);

/** One block of sixteen words in `W` into the eight of `state`. @param {Int32Array} state */
function compress(state) {
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d; state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** SHA-256 of ASCII, as eight words. @param {string} text @returns {Int32Array} */
export function sha256(text) {
  const state = BEGIN.slice();
  const bytes = new Uint8Array((((text.length + 8) >> 6) + 1) << 6);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 4, text.length * 8);
  for (let at = 0; at < bytes.length; at += 64) {
    for (let i = 0; i < 16; i++) W[i] = view.getInt32(at + 4 * i);
    compress(state);
  }
  return state;
}

/**
 * The least number from `from` on, and before `upto`, that answers a part; -1 when there is none.
 * @param {Int32Array} seed @param {number} bits 1 to 31 @param {number} from @param {number} upto
 */
export function least(seed, bits, from, upto) {
  const state = new Int32Array(8);
  for (let n = from; n < upto; n++) {
    W.set(seed);
    W[8] = Math.floor(n / WORD); W[9] = n | 0; W[10] = 1 << 31;
    W[11] = W[12] = W[13] = W[14] = 0; W[15] = 320; // of forty bytes
    state.set(BEGIN);
    compress(state);
    if (state[0] >>> (32 - bits) === 0) return n;
  }
  return -1;
}

/**
 * Works a piece at a time, so that whoever runs it may do something else between two of them.
 * @param {Asked} asked @param {number} [piece] numbers tried in one
 * @returns {Generator<number, string>} parts done so far, after each piece; at last what goes into the header Onbeat-Work
 */
export function* solving({ challenge, bits, parts }, piece = 2_000) {
  /** @type {number[]} */
  const found = [];
  while (found.length < parts) {
    const seed = sha256(`${challenge}.${found.length}`);
    for (let from = 0; ; from += piece) {
      const n = least(seed, bits, from, from + piece);
      if (n >= 0) found.push(n);
      yield found.length;
      if (n >= 0) break;
    }
  }
  return `${challenge} ${found.join(",")}`;
}
