/** Why something of a file is not taken: a code for a program, a sentence for who has to mend it. */
export class RefusedText extends Error {
  readonly code: string;
  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}
