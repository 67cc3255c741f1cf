export const isGzip = (begin: Buffer): boolean => begin.length >= 2 && begin.readUInt16BE(0) === 0x1f8b;

/** A gzip file ends with its unpacked length, modulo 4 GiB; null where these are fewer than its last four bytes. */
export const unpackedSize = (end: Buffer): number | null => (end.length < 4 ? null : end.readUInt32LE(end.length - 4));
