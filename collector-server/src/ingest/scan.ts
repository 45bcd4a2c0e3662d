const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OTHER, STARTS_TEXT, OPENS, CLOSES, SEPARATES] = [0, 1, 2, 3, 4];

const KIND = new Uint8Array(256).fill(OTHER);
KIND[QUOTE] = STARTS_TEXT;
for (const byte of Buffer.from('{[')) KIND[byte] = OPENS;
for (const byte of Buffer.from('}]')) KIND[byte] = CLOSES;
for (const byte of Buffer.from(',:')) KIND[byte] = SEPARATES;

/**
 * Counts nesting and tokens of a JSON text on its bytes, before any parser sees it: a body of brackets alone costs a
 * parser its stack. Answers what is wrong, or null.
 */
export function scanJson(bytes: Uint8Array, maxTokens: number): 'too_deep' | 'too_many_tokens' | null {
  const { length } = bytes;
  let depth = 0;
  let tokens = 1;
  for (let index = 0; index < length; index++) {
    const kind = KIND[bytes[index]!]!;
    if (kind === OTHER) continue;
    if (kind === STARTS_TEXT) {
      for (index++; index < length; index++) {
        const byte = bytes[index]!;
        if (byte === QUOTE) break;
        if (byte === BACKSLASH) index++;
      }
    } else if (kind === SEPARATES) {
      if (++tokens > maxTokens) return 'too_many_tokens';
    } else if (kind === OPENS) {
      tokens++;
      if (++depth > MAX_DEPTH) return 'too_deep';
    } else {
      depth--;
    }
  }
  return tokens > maxTokens ? 'too_many_tokens' : null;
}
