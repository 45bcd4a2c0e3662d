import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { backupKey, opening, sealing } from './envelope.ts';

const FORMAT = 'orderloop-backup-1';
const MAX_HEADER_BYTES = 16 * 1024;

export interface BackupHeader {
  format: typeof FORMAT;
  engine: 'sqlite' | 'postgres';
  /** RFC 3339. */
  created_at: string;
  /** Tells the key that it was sealed with. */
  key_id: string;
  /** Files, one after the other: names without folders, and bytes. */
  parts: { name: string; bytes: number }[];
}

/** Writes files into one sealed file, on stable storage when it resolves. The header is readable: it names no person. */
export async function writeArchive(
  file: string,
  engine: BackupHeader['engine'],
  folder: string,
  names: readonly string[],
  dataKey: Uint8Array,
): Promise<BackupHeader> {
  const { key, key_id } = backupKey(dataKey);
  const parts = await Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
  const header: BackupHeader = { format: FORMAT, engine, created_at: new Date().toISOString(), key_id, parts };
  const line = `${JSON.stringify(header)}\n`;
  const out = createWriteStream(file, { mode: 0o600, flush: true });
  out.write(line);
  const read = async function* () {
    for (const name of names) yield* createReadStream(join(folder, name));
  };
  await pipeline(Readable.from(read()), createGzip({ level: 6 }), sealing(key, line), out);
  return header;
}

/** What a backup says of itself, without its key. Throws when the file is none. */
export async function readHeader(file: string): Promise<{ header: BackupHeader; line: string }> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const text = buffer.subarray(0, bytesRead).toString('latin1');
    const line = text.slice(0, text.indexOf('\n') + 1);
    const header = JSON.parse(line) as BackupHeader;
    if (header.format !== FORMAT) throw new Error('another format');
    return { header, line };
  } catch (cause) {
    throw new Error('[orderloop] this is not a backup that orderloop wrote', { cause });
  } finally {
    await handle.close();
  }
}

/** Writes the files of a backup into a folder. Rejects, with nothing to be relied on in the folder, when it is damaged. */
export async function readArchive(file: string, folder: string, dataKey: Uint8Array): Promise<BackupHeader> {
  const { header, line } = await readHeader(file);
  const { key, key_id } = backupKey(dataKey);
  if (header.key_id !== key_id)
    throw new Error(`[orderloop] the backup was made with data key ${header.key_id}, the configuration has ${key_id}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const sealed = createReadStream(file, { start: Buffer.byteLength(line) });
  await pipeline(sealed, opening(key, line), createGunzip(), (bytes) => splitInto(folder, header.parts, bytes));
  return header;
}

async function splitInto(folder: string, parts: BackupHeader['parts'], bytes: AsyncIterable<Buffer>): Promise<void> {
  const files = await Promise.all(
    parts.map(({ name }) => {
      if (!/^[a-z0-9.-]+$/.test(name)) throw new Error('[orderloop] the backup names a file that can’t be');
      return open(join(folder, name), 'wx', 0o600);
    }),
  );
  try {
    let part = 0;
    let left = parts[0]?.bytes ?? 0;
    for await (let chunk of bytes) {
      while (chunk.length > 0 && part < parts.length) {
        const taken = chunk.subarray(0, left);
        await files[part]!.write(taken);
        left -= taken.length;
        chunk = chunk.subarray(taken.length);
        if (left === 0) left = parts[++part]?.bytes ?? 0;
      }
    }
    if (part < parts.length) throw new Error('[orderloop] the backup is shorter than it says');
    for (const file of files) await file.sync();
  } finally {
    for (const file of files) await file.close();
  }
}
