// The work behind a challenged sign-up, in a thread of its own: for each part a number whose SHA-256, with the puzzle's
// seed and the part, begins with so many zero bits. Plain JavaScript: no WebAssembly, and no promise for each guess.
const K = new Uint32Array(64), START = new Uint32Array(8), W = new Uint32Array(64), BLOCK = new Uint8Array(64);
// The constants of FIPS 180-4, section 4.2.2 and 5.3.3: of the roots of the first primes, the first 32 bits behind the point.
(() => {
  const part = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32);
  for (let found = 0, n = 2; found < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) START[found] = part(Math.sqrt(n));
    K[found] = part(Math.cbrt(n));
    found += 1;
  }
})();

// The first 32 bits of the SHA-256 of the `length` first bytes of BLOCK (at most 55), which is filled up in place.
const hash = (length) => {
  BLOCK.fill(0, length);
  BLOCK[length] = 0x80;
  BLOCK[62] = (length * 8) >>> 8;
  BLOCK[63] = (length * 8) & 255;
  for (let i = 0; i < 16; i += 1) {
    W[i] = (BLOCK[4 * i] << 24) | (BLOCK[4 * i + 1] << 16) | (BLOCK[4 * i + 2] << 8) | BLOCK[4 * i + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15], y = W[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
  }
  let a = START[0], b = START[1], c = START[2], d = START[3], e = START[4], f = START[5], g = START[6], h = START[7];
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  return (START[0] + a) >>> 0;
};

const solve = (seed, part, bits) => {
  const prefix = `${seed}:${part}:`;
  for (let i = 0; i < prefix.length; i += 1) BLOCK[i] = prefix.charCodeAt(i);
  for (let number = 0; ; number += 1) {
    const digits = String(number);
    for (let i = 0; i < digits.length; i += 1) BLOCK[prefix.length + i] = digits.charCodeAt(i);
    if (hash(prefix.length + digits.length) >>> (32 - bits) === 0) return number;
  }
};

self.onmessage = ({ data: { seed, parts, bits } }) => {
  const numbers = [];
  for (let part = 0; part < parts; part += 1) {
    numbers.push(solve(seed, part, bits));
    self.postMessage({ done: numbers.length });
  }
  self.postMessage({ numbers });
};
