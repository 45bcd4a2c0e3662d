const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Counts nesting and tokens of a JSON text on its bytes, before any parser sees it: a body of brackets alone costs a
 * parser its stack. Answers what is wrong, or null.
 */
export function scanJson(bytes: Uint8Array, maxTokens: number): 'too_deep' | 'too_many_tokens' | null {
  let depth = 0;
  let tokens = 1;
  let inText = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (inText) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      tokens++;
      if (++depth > MAX_DEPTH) return 'too_deep';
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth--;
    } else if (byte === COMMA || byte === COLON) {
      if (++tokens > maxTokens) return 'too_many_tokens';
    }
  }
  return tokens > maxTokens ? 'too_many_tokens' : null;
}
