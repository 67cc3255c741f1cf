export { isNoted, noteRestore, type Restore } from './note-restore.js';
