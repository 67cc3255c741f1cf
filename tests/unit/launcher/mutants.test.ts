import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMutant } from '../../../dev/mutants/patch.js';
import { applies } from '../../../dev/mutants/tree.js';

const DIFF = `diff --git a/rule.ts b/rule.ts
--- a/rule.ts
+++ b/rule.ts
@@ -1,3 +1,2 @@
 before
-the lock
 after
`;
const HEAD = 'Rule: the lock is taken\nTest: tests/rule.test.ts\n';

test('a mutant, with its header, is read with what it touches', () => {
  expect(parseMutant('tests/mutants/no-lock.patch', `${HEAD}Only: at once\n\n${DIFF}`)).toEqual({
    name: 'no-lock',
    file: 'tests/mutants/no-lock.patch',
    rule: 'the lock is taken',
    test: 'tests/rule.test.ts',
    only: 'at once',
    touches: ['rule.ts'],
  });
  expect(parseMutant('x.patch', `${HEAD}\n${DIFF}`).only).toBeNull();
});

test('a mutant, without a rule, a test or a change, is refused by name', () => {
  expect(() => parseMutant('x.patch', `Rule: r\n\n${DIFF}`)).toThrow('x.patch needs');
  expect(() => parseMutant('x.patch', `Test: t\n\n${DIFF}`)).toThrow('x.patch needs');
  expect(() => parseMutant('x.patch', HEAD)).toThrow('x.patch changes no file');
});

test('a patch applies with its header, changes nothing when it is only tried, and not where its lines have changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  try {
    const [patch, rule] = [join(folder, 'no-lock.patch'), join(folder, 'rule.ts')];
    writeFileSync(patch, `${HEAD}\n${DIFF}`);
    writeFileSync(rule, 'before\nthe lock\nafter\n');
    expect(await applies(folder, patch, ['--check'])).toBe(true);
    expect(readFileSync(rule, 'utf8')).toContain('the lock');
    expect(await applies(folder, patch, [])).toBe(true);
    expect(readFileSync(rule, 'utf8')).toBe('before\nafter\n');
    expect(await applies(folder, patch, ['--check'])).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
