import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Cipher, Sealed } from '../../domain/kernel/cipher.js';

export interface Key {
  readonly id: string;
  readonly secret: Buffer;
}

/** The first key seals; all of them open, so keys rotate by being put in front. */
export function createCipher({
  keys,
  blindIndexKey,
}: {
  readonly keys: readonly [Key, ...Key[]];
  readonly blindIndexKey: Buffer;
}): Cipher {
  const [current] = keys;
  const byId = new Map(keys.map((key) => [key.id, key.secret]));
  return {
    seal(plaintext, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current.secret, nonce);
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
      return ['v1', current.id, ...parts].join('.') as Sealed;
    },
    open(sealed, context) {
      const [version, keyId, nonce, tag, ciphertext] = sealed.split('.');
      const secret = byId.get(keyId ?? '');
      if (
        version !== 'v1' ||
        secret === undefined ||
        nonce === undefined ||
        tag === undefined ||
        ciphertext === undefined
      )
        throw new Error(`a sealed value names no known key (${context})`);
      const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(Buffer.from(tag, 'base64url'));
      return decipher.update(ciphertext, 'base64url', 'utf8') + decipher.final('utf8');
    },
    blindIndex(value, purpose) {
      return createHmac('sha256', blindIndexKey).update(`${purpose}\0${value}`).digest('hex');
    },
  };
}
