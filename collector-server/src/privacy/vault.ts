import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { type Identifier, isRelayEmail, normalizeEmail, normalizePhone, type SealedUser, type User } from '@orderloop/protocol';

/**
 * Keeps personal data unreadable at rest: AES-256-GCM for what must come back (to be hashed for a platform at send time),
 * and a keyed hash to find somebody by address or number (P1). Both keys come from the root key.
 */
export interface Vault {
  /** `v1.<key id>.<iv>.<ciphertext and tag>`, bound to `place` (site|table|row) by the additional data. */
  seal(place: string, text: string): string;
  /** Throws when the text was sealed elsewhere, or under another key. */
  open(place: string, sealed: string): string;
  sealUser(place: string, user: User): SealedUser;
  openUser(place: string, user: SealedUser | undefined): User | undefined;
  /**
   * An identifier as events are kept with it: an address or number, its SHA-256, or already the keyed hash, becomes the keyed
   * hash. Null when it is none of these.
   */
  sealIdentifier(id: Identifier): Identifier | null;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const SHA_256 = /^[0-9a-f]{64}$/i;
const KEYED_HASH = /^[\w-]{43}$/;

/** `rootKey` is 32 random bytes, from the environment or a file; never from the store. */
export function createVault(rootKey: Uint8Array): Vault {
  if (rootKey.length !== 32)
    throw new Error(`[orderloop] the data key must be 32 bytes, found ${rootKey.length}; make one: openssl rand -base64 32`);
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', rootKey, new Uint8Array(0), `orderloop ${use}`, 32));
  const sealKey = derive('seal');
  const indexKey = derive('index');
  const keyId = createHash('sha256').update(sealKey).digest('hex').slice(0, 8);

  const seal = (place: string, text: string): string => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', sealKey, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${keyId}.${iv.toString('base64url')}.${sealed.toString('base64url')}`;
  };

  const open = (place: string, sealed: string): string => {
    const [version, id, iv = '', data = ''] = sealed.split('.');
    if (version !== 'v1' || id !== keyId)
      throw new Error('[orderloop] this was sealed under another data key; start with the key that the store was made with');
    const bytes = Buffer.from(data, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', sealKey, Buffer.from(iv, 'base64url'))
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  };

  // Over the hash, so that a sender who hashes and one who doesn't meet in the same index.
  const index = (sha256: string | undefined) =>
    sha256 ? createHmac('sha256', indexKey).update(sha256).digest('base64url') : undefined;

  return {
    seal,
    open,
    sealUser(place, user) {
      const { id, ...contact } = user;
      const email = normalizeEmail(user.email);
      const phone = normalizePhone(user.phone, user.country);
      const email_index = index(email && !isRelayEmail(email) ? sha256(email) : user.email_sha256?.toLowerCase());
      const phone_index = index(phone ? sha256(phone) : user.phone_sha256?.toLowerCase());
      return {
        ...(id && { id }),
        ...(Object.keys(contact).length > 0 && { sealed: seal(place, JSON.stringify(contact)) }),
        ...(email_index && { email_index }),
        ...(phone_index && { phone_index }),
      };
    },
    sealIdentifier({ type, value }) {
      if (type !== 'email' && type !== 'phone') return { type, value: value.trim() };
      if (KEYED_HASH.test(value)) return { type, value };
      const plain = type === 'email' ? normalizeEmail(value) : normalizePhone(value);
      const keyed = index(SHA_256.test(value) ? value.toLowerCase() : plain ? sha256(plain) : undefined);
      return keyed ? { type, value: keyed } : null;
    },
    openUser(place, user) {
      if (!user) return undefined;
      const contact = user.sealed ? (JSON.parse(open(place, user.sealed)) as User) : {};
      return { ...(user.id && { id: user.id }), ...contact };
    },
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
