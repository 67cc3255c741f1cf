/** For PostgreSQL's shell. */
const quoted = (path: string): string => `"${path.replaceAll(/["$`\\]/g, '\\$&').replaceAll('%', '%%')}"`;

/** PostgreSQL's `archive_command`: keeps each piece of WAL once, packed and on the disk before it counts as kept. */
export function archiveCommand(folder: string): string {
  const [whole, draft] = [`${quoted(folder)}/%f.gz`, `${quoted(folder)}/%f.part`];
  // Asked again after a crash, the same is fine; anything else under that name is of another cluster.
  return `if test -f ${whole}; then gunzip < ${whole} | cmp -s - %p; else gzip < %p > ${draft} && sync ${draft} && mv ${draft} ${whole}; fi`;
}

/** PostgreSQL's `restore_command` for the same folder. */
export const restoreCommand = (folder: string): string => `gunzip < ${quoted(folder)}/%f.gz > %p`;
