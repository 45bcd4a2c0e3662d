import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Profile } from './profile.ts';

export interface Row {
  /** As a spreadsheet shows it: the header is 1, a cell of several lines is one row, an empty line counts. */
  row_number: number;
  values: string[];
}

/** The file can't be read on from here. */
export class UnreadableFile extends Error {}

/** A quote that is never closed would otherwise take the rest of the file for one cell. */
const MAX_ROW_CHARS = 1_000_000;

/**
 * The rows of a CSV file, the header first, as they come in: a BOM and a first line `sep=;` are left out, lines may end in CRLF,
 * LF or CR, and empty ones are skipped. Throws UnreadableFile when bytes or quotes can't be read.
 */
export async function* readRows(
  chunks: AsyncIterable<Uint8Array>,
  { encoding, delimiter }: Pick<Profile, 'encoding' | 'delimiter'>,
): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // Excel's ="00123" has quotes within a cell that has none around it.
    relax_quotes: true,
    max_record_size: MAX_ROW_CHARS,
  });
  const texts = Readable.from(decode(chunks, encoding));
  texts.on('error', (error) => parser.destroy(error));
  let row_number = 0;
  let isFirst = true;
  try {
    for await (const values of texts.pipe(parser) as AsyncIterable<string[]>) {
      if (isFirst && isSeparatorLine(values.join(delimiter), delimiter)) {
        isFirst = false;
        continue;
      }
      isFirst = false;
      row_number += 1;
      if (values.some((value) => value !== '')) yield { row_number, values };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UnreadableFile(
      `The quotes of row ${row_number + 1} or after it are not closed, or a row is longer than ${MAX_ROW_CHARS} characters.`,
    );
  } finally {
    texts.destroy();
  }
}

/** Excel's own line, which it does not show as a row. Throws UnreadableFile when it says another delimiter than the profile. */
function isSeparatorLine(line: string, delimiter: string): boolean {
  const said = /^sep=(.)$/i.exec(line)?.[1];
  if (said !== undefined && said !== delimiter)
    throw new UnreadableFile(`The file’s first line says that ${said} parts its cells, and the profile says ${delimiter}.`);
  return said !== undefined;
}

async function* decode(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UnreadableFile(`The file is not ${encoding}: say its encoding in the profile, such as windows-1252.`);
  }
}
