/**
 * The reversible byte ↔ character table of byte-level BPE (Radford et al. 2019, section 2.2): printable Latin-1 bytes
 * stand for themselves, the other 68 are moved to U+0100 and up, so that no token holds a space or a control character.
 */
const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

const characterOfByte: readonly string[] = (() => {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isPrintable(byte) ? byte : 0x100 + moved++),
  );
})();

const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  characterOfByte.map((text, byte) => [text, byte]),
);

/** The UTF-8 bytes of `text`, one table character a byte. Lone surrogates become U+FFFD first. */
export function toByteCharacters(text: string): string[] {
  return Array.from(new TextEncoder().encode(text), (byte) => characterOfByte[byte] ?? "");
}

/** The inverse of {@link toByteCharacters}; characters outside of the table are kept as they are. */
export function fromByteCharacters(characters: string): string {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const character of characters) {
    const byte = byteOfCharacter.get(character);
    if (byte === undefined) bytes.push(...encoder.encode(character));
    else bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
