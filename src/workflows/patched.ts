import { patched as patchedInHistory } from '@temporalio/workflow';
import type { Patch } from './patches.js';

/**
 * Whether this flow takes the new way. From the moment it does, its history says so, whatever sleeps later. Ask once and keep
 * the answer: asked again after days the same flow may hear another.
 */
export const patched = (patch: Patch): boolean => patchedInHistory(patch);
