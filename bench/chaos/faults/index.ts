import type { FaultKind } from '../contracts.js';
import { diskFull, poolExhausted } from './database.js';
import { clockOff, freeze, kill, killRedis, killTree, rollBack, rollForward } from './processes.js';
import { errors, slow, timesOut, webhooksDoubled, webhooksLost, webhooksReordered } from './provider.js';
import type { Fault } from './types.js';

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  'kill-api': kill,
  'kill-worker': kill,
  'kill-postgres': kill,
  'kill-redis': killRedis,
  'kill-elasticsearch': kill,
  'kill-temporal': kill,
  'kill-mail': kill,
  'kill-stripe': kill,
  'kill-vonage': kill,
  'kill-tree': killTree,
  'freeze-api': freeze,
  'freeze-worker': freeze,
  'freeze-postgres': freeze,
  'freeze-temporal': freeze,
  'provider-slow': slow,
  'provider-times-out': timesOut,
  'provider-errors': errors,
  'webhooks-lost': webhooksLost,
  'webhooks-doubled': webhooksDoubled,
  'webhooks-reordered': webhooksReordered,
  'roll-worker': rollForward,
  'roll-back-worker': rollBack,
  'clock-off': clockOff,
  'disk-full': diskFull,
  'pool-exhausted': poolExhausted,
};
