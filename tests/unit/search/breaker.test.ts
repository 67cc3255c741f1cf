import { createBreaker } from '../../../src/domain/search/breaker.js';

function breakerAt() {
  let time = 0;
  const breaker = createBreaker({ now: () => new Date(time) });
  const fail = (times: number) => Array.from({ length: times }, () => breaker.failed());
  return { breaker, fail, pass: (ms: number) => (time += ms) };
}

test('breaker, after two failures, still admits', () => {
  const { breaker, fail } = breakerAt();
  fail(2);
  expect(breaker.admits()).toBe(true);
});

test('breaker, after three failures in a row, admits nobody for ten seconds and then one', () => {
  const { breaker, fail, pass } = breakerAt();
  fail(3);
  expect(breaker.admits()).toBe(false);
  pass(9_999);
  expect(breaker.admits()).toBe(false);
  pass(1);
  expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
});

test('breaker, when the trial succeeds, admits all, and when it fails, waits again', () => {
  const { breaker, fail, pass } = breakerAt();
  fail(3);
  pass(10_000);
  breaker.admits();
  fail(1);
  expect(breaker.admits()).toBe(false);
  pass(10_000);
  breaker.admits();
  breaker.succeeded();
  expect([breaker.admits(), breaker.admits()]).toEqual([true, true]);
});

test('breaker, when a success comes between failures, counts anew', () => {
  const { breaker, fail } = breakerAt();
  fail(2);
  breaker.succeeded();
  fail(2);
  expect(breaker.admits()).toBe(true);
});
