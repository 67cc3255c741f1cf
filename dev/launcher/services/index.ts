import type { Service } from '../service.js';
import { elasticsearch } from './elasticsearch.js';
import { mail } from './mail.js';
import { postgres } from './postgres.js';
import { redis } from './redis.js';
import { stripe, vonage } from './simulators.js';
import { stripeMock } from './stripe-mock.js';
import { temporalTestServer } from './temporal-test-server.js';
import { temporal } from './temporal.js';

export const SERVICES: readonly Service[] = [postgres, redis, temporal, elasticsearch, mail, stripe, vonage];

/** The tests use two more. */
export const TEST_SERVICES: readonly Service[] = [...SERVICES, temporalTestServer, stripeMock];
