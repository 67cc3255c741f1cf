export { countMoving } from './at-rest.js';
export { auditPromises, type AuditDeps } from './audit-promises.js';
export { UNSETTLED } from './rows/row-check.js';
export type { BadEnd, FlowBook, MessageLog } from './ports.js';
export type * from './types.js';
