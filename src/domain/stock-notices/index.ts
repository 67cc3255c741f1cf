export { askForNotice, type NoticeRequest } from './ask-for-notice.js';
export { closeNotice, expireNotices, withdrawNotice, withdrawNotices } from './close-notices.js';
export { findWaitedFor, findWaiting, listNotices, readAddressed, type AddressedNotice } from './read-notices.js';
export type * from './types.js';
export { wakeNotices, wakeNoticesOf } from './wake-notices.js';
