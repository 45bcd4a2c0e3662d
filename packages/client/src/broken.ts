/** What is wrong, what was found, what to do; `found` never holds a secret. */
export function broken(wrong: string, found: string, advice: string): TypeError {
  return new TypeError(`[orderloop] [client] ${wrong} (${found}); ${advice}.`);
}
