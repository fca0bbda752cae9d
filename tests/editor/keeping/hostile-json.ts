/** A small generator of random numbers, so that a failure can be made again from its number. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  "",
  "constructor",
  "__proto__",
  "toString",
  "<img src=x onerror=fetch('https://evil.example/')>",
  "<script>document.title='taken'</script>",
  "javascript:alert(1)",
  "https://evil.example/pixel.png",
  "bundled:../../etc/passwd",
  "file:/etc/passwd",
  "a.b.c",
  "\u202e\u0000\ud800",
  "🧵".repeat(50),
  "x".repeat(20_000),
  [],
  {},
  [[[[]]]],
  { a: { b: { c: {} } } },
  [NaN, null],
];

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

function placesOf(root: unknown): Place[] {
  const places: Place[] = [];
  const open = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    for (const key of Object.keys(value)) {
      places.push({ holder: value as Place["holder"], key });
      open.push((value as Record<string, unknown>)[key]);
    }
  }
  return places;
}

const put = ({ holder, key }: Place, value: unknown): void =>
  void Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
const at = ({ holder, key }: Place): unknown => (holder as Record<string, unknown>)[key];

/** One change of the JSON's structure. */
function disturb(root: unknown, random: Random): void {
  const places = placesOf(root);
  if (places.length === 0) return;
  const place = pick(random, places);
  const other = pick(random, places);
  switch (Math.floor(random() * 7)) {
    case 0:
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else delete place.holder[place.key];
      break;
    case 1:
      put(place, structuredClone(pick(random, STRANGE)));
      break;
    case 2: {
      const [a, b] = [structuredClone(at(place)), structuredClone(at(other))];
      put(place, b);
      put(other, a);
      break;
    }
    case 3:
      // A list of JSON has no names.
      if (Array.isArray(place.holder)) break;
      put(
        { holder: place.holder, key: String(pick(random, STRANGE)).slice(0, 40) },
        structuredClone(at(other)),
      );
      break;
    case 4: {
      let nested: unknown = at(place);
      for (let depth = 0; depth < 300; depth++) nested = random() < 0.5 ? [nested] : { a: nested };
      put(place, nested);
      break;
    }
    case 5:
      if (Array.isArray(place.holder))
        for (let copies = 0; copies < 50; copies++) place.holder.push(structuredClone(at(place)));
      break;
    default:
      if (typeof at(place) === "string")
        put(place, `${String(at(place))}${pick(random, [".", "2", " ", "\n", "__proto__"])}`);
      else if (typeof at(place) === "number")
        put(place, (at(place) as number) * pick(random, [-1, 1e9, 0, 0.001]));
  }
}

/** One change of the text alone. */
function scratch(text: string, random: Random): string {
  const place = Math.floor(random() * text.length);
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, place);
    case 1:
      return (
        text.slice(0, place) +
        pick(random, ["{", "}", "[", '"', ",", "\\u0000", "\u0000", "1e999", "//"]) +
        text.slice(place)
      );
    case 2:
      return text.slice(0, place) + text.slice(place + 1 + Math.floor(random() * 20));
    default:
      return text.slice(place) + text.slice(0, place);
  }
}

/** A graph file that something went wrong with, made of a good one. The same number gives the same file. */
export function hostileFile(graphs: readonly string[], seed: number): string {
  const random = randomOf(seed);
  const text = pick(random, graphs);
  if (random() < 0.2) return scratch(text, random);
  const json = JSON.parse(text) as unknown;
  const changes = 1 + Math.floor(random() * 6);
  for (let change = 0; change < changes; change++) disturb(json, random);
  const damaged = JSON.stringify(json) ?? "null";
  return random() < 0.05 ? scratch(damaged, random) : damaged;
}
