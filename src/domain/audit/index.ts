export { readAudit, type AuditQuery, type AuditRecord } from './read-audit.js';
export { writeAudit, type AuditEntry } from './write-audit.js';
