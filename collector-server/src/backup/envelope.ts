import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

// A stream as a row of sealed pieces (AES-256-GCM). Each piece is bound to its place and to whether it is the last, so that
// pieces can't be left out, put elsewhere or cut off without being noticed.

const PIECE_BYTES = 64 * 1024;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;

/** The key of backups, from the data key; and what tells it from others without giving it away. */
export function backupKey(dataKey: Uint8Array): { key: Buffer; key_id: string } {
  const key = Buffer.from(hkdfSync('sha256', dataKey, new Uint8Array(0), 'orderloop backup', 32));
  return { key, key_id: createHash('sha256').update(key).digest('hex').slice(0, 8) };
}

/** Plain bytes in, sealed pieces out. `header` is bound to every piece. */
export function sealing(key: Buffer, header: string): Transform {
  let waiting = Buffer.alloc(0);
  let index = 0;
  const seal = (piece: Buffer, isLast: boolean): Buffer => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(placeOf(header, index++, isLast));
    const sealed = Buffer.concat([iv, cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(sealed.length);
    return Buffer.concat([length, sealed]);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      waiting = Buffer.concat([waiting, chunk]);
      // One piece is kept back: whether it is the last is known only when more comes, or the end.
      for (; waiting.length > PIECE_BYTES; waiting = waiting.subarray(PIECE_BYTES))
        this.push(seal(waiting.subarray(0, PIECE_BYTES), false));
      done();
    },
    flush(done: TransformCallback) {
      this.push(seal(waiting, true));
      done();
    },
  });
}

/** Sealed pieces in, plain bytes out; fails when anything of it was changed, is missing, or is another key's. */
export function opening(key: Buffer, header: string): Transform {
  let waiting = Buffer.alloc(0);
  let index = 0;
  const open = (sealed: Buffer, isLast: boolean): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES))
      .setAAD(placeOf(header, index++, isLast))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  };
  const pieceLength = (): number =>
    waiting.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : waiting.readUInt32BE() + LENGTH_BYTES;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      waiting = Buffer.concat([waiting, chunk]);
      try {
        for (let length = pieceLength(); waiting.length > length; length = pieceLength()) {
          this.push(open(waiting.subarray(LENGTH_BYTES, length), false));
          waiting = waiting.subarray(length);
        }
        done();
      } catch {
        done(new Error(DAMAGED));
      }
    },
    flush(done: TransformCallback) {
      try {
        if (waiting.length !== pieceLength()) throw new Error(DAMAGED);
        this.push(open(waiting.subarray(LENGTH_BYTES), true));
        done();
      } catch {
        done(new Error(DAMAGED));
      }
    },
  });
}

const DAMAGED = '[orderloop] the backup is damaged, cut off, or was made with another data key';

const placeOf = (header: string, index: number, isLast: boolean): Buffer =>
  Buffer.from(`${createHash('sha256').update(header).digest('hex')}|${index}|${isLast ? 'last' : 'more'}`);
