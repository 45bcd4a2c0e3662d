import type { Profile } from './profile.ts';
import { RefusedText } from './refusal.ts';

const FORMULA = /^="(.*)"$/s;
const SCIENTIFIC = /^[+-]?\d([.,]\d+)?E\+\d+$/i;

/**
 * The text of a cell without what a spreadsheet put around it: `="00123"` is 00123. Throws RefusedText where the spreadsheet
 * has rounded a long number away.
 */
export function cellText(cell: string): string {
  const text = cell.trim();
  const plain = FORMULA.exec(text)?.[1]?.replaceAll('""', '"').trim() ?? text;
  if (SCIENTIFIC.test(plain)) {
    throw new RefusedText(
      'scientific_notation',
      `${plain} is how Excel writes a long number that it has rounded: its digits are lost. Export the file anew, and don’t save it from Excel, or set the column to Text before it is opened.`,
    );
  }
  return plain;
}

/** A plain decimal text, such as "1234.50", of a number with the marks of the profile. Throws RefusedText. */
export function readDecimal(text: string, { decimal_mark, thousands_mark }: Pick<Profile, 'decimal_mark' | 'thousands_mark'>) {
  const [, sign, whole, decimals] = pattern(decimal_mark, thousands_mark).exec(text.replace(/[\u00a0\u202f]/g, '')) ?? [];
  if (whole === undefined) {
    const marks = `the decimal mark ${JSON.stringify(decimal_mark)} and ${thousands_mark ? `the thousands mark ${JSON.stringify(thousands_mark)}` : 'no thousands mark'}`;
    throw new RefusedText('invalid_amount', `${JSON.stringify(text)} is no number with ${marks}, as the profile says.`);
  }
  const digits = thousands_mark ? whole.replaceAll(thousands_mark, '') : whole;
  return `${sign}${digits}${decimals === undefined ? '' : `.${decimals}`}`;
}

/** Thousands are in threes, and in India in twos before them, so that a mark that means decimals is not taken for one. */
function pattern(decimal: string, thousands: string): RegExp {
  const whole = thousands ? `\\d+|\\d{1,3}(?:[${thousands}]\\d{2,3}){0,5}[${thousands}]\\d{3}` : '\\d+';
  return new RegExp(`^(-?)(${whole})(?:[${decimal}](\\d+))?$`);
}
