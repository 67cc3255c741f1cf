import type { ImportFormat } from './types.js';

/** One line of an import file, without its line break; of CSV one record, which may go over several. */
export interface SourceLine {
  /** From 1; of a record over several lines its last. */
  readonly line: number;
  /** Where the next line begins, in bytes of the unpacked text. */
  readonly end: number;
  /** Null where it cannot be read; `problem` says why. */
  readonly text: string | null;
  readonly problem: string | null;
}

export interface SourcePosition {
  readonly line: number;
  readonly offset: number;
}

/** Where the bytes of an import are: a path on the worker's disk, or what the API received. */
export type ImportFile = { readonly format: ImportFormat } & (
  { readonly path: string } | { readonly uploadId: string; /** Of the bytes received. */ readonly fingerprint: string }
);

export interface Source {
  readonly format: ImportFormat;
  /** Changes when the file does. */
  readonly fingerprint: string;
  /** Bytes unpacked; null where only reading would tell. A gzip file says it itself, modulo 4 GiB. */
  readonly size: number | null;
  /**
   * The lines behind `from`, with memory bounded whatever the file holds.
   * @throws DomainError `bad_request` when the file is damaged
   */
  lines(from: SourcePosition): AsyncIterable<SourceLine>;
}

/** Where import files are read from: plain or gzip, told by their first bytes. */
export interface LineSource {
  /** @throws DomainError `not_found` when there is no such file or it cannot be read */
  open(file: ImportFile): Promise<Source>;
}

/** A piece of an upload by its number from 0; null behind the last one. All but the last are `PIECE_BYTES` long. */
export type ReadPiece = (uploadId: string, number: number) => Promise<Buffer | null>;
