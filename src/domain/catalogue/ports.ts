/** One line of an import file, without its line break. */
export interface SourceLine {
  /** From 1. */
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

export interface Source {
  /** Changes when the file does. */
  readonly fingerprint: string;
  /**
   * The lines behind `from`, with memory bounded whatever the file holds.
   * @throws DomainError `bad_request` when the file is damaged
   */
  lines(from: SourcePosition): AsyncIterable<SourceLine>;
}

/** Where import files are read from: plain or gzip, told by their first bytes. */
export interface LineSource {
  /** @throws DomainError `not_found` when there is no such file or it cannot be read */
  open(path: string): Promise<Source>;
}
