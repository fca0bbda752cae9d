const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const hex = (h: number): string => h.toString(16).padStart(8, "0");

/**
 * A 128-bit hash of a text, as 32 hexadecimal digits: four mixed lanes in the manner of MurmurHash3 (Appleby). It tells
 * cache keys apart; it is no protection against someone who looks for two texts of one key.
 */
export function hashText(text: string): string {
  let [a, b, c, d] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) + 1;
    a = Math.imul(rotate(a ^ Math.imul(code, 0xcc9e2d51), 15), 0x1b873593) + b;
    b = Math.imul(rotate(b ^ Math.imul(code, 0x85ebca77), 17), 0x9e3779b1) + c;
    c = Math.imul(rotate(c ^ Math.imul(code, 0xc2b2ae3d), 13), 0x27d4eb2f) + d;
    d = Math.imul(rotate(d ^ Math.imul(code, 0x165667b1), 18), 0x94d049bb) + a;
  }
  a ^= text.length;
  b += a;
  c += b;
  d += c;
  a = finish(a + d);
  b = finish(b + a);
  c = finish(c + b);
  d = finish(d + c);
  return hex(a) + hex(b) + hex(c) + hex(d);
}
