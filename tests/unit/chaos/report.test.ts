import { format } from 'prettier';
import { isClean, markdown, reportLines, withFigures } from '../../../bench/chaos/report.js';
import { chaosReport, emptyTally } from './report-sample.js';

const README =
  'before\n\n<!-- chaos: written by `npm run chaos -- --readme` -->\n\nearlier figures\n\n<!-- chaos: end -->\n\nafter\n';

test('a report, of a clean run, tells the errors of each kind of fault and that nothing was broken', () => {
  const text = reportLines(chaosReport()).join('\n');
  expect(text).toMatch(/kill-api +1 +2 s, at worst 2 s +\S+ % +POST \/checkout 503/);
  expect(text).toContain('settled 2.3 s after');
  expect(text).toContain('Nothing was lost');
  expect(isClean(chaosReport())).toBe(true);
});

test('a report, of a breach, has its ids and is not clean', () => {
  const tally = emptyTally({ lost: [{ what: 'placed, and there is no such order', ids: { order: 'o9' } }] });
  const report = chaosReport({ tally });
  expect(reportLines(report).join('\n')).toMatch(/BREACH: lost\n {2}placed, and there is no such order: order o9/);
  expect(isClean(report)).toBe(false);
});

test('a report, of visits, has each habit with those who bought and those who gave up, and where they did', () => {
  expect(chaosReport().habits).toEqual({ buys: { visits: 2, placed: 1, gaveUp: 1 } });
  expect(reportLines(chaosReport())).toContain('gave up at POST /checkout: 1');
});

test('the figures, in Markdown, are as the formatter would leave them', async () => {
  const text = `${markdown(chaosReport())}\n`;
  expect(await format(text, { parser: 'markdown', proseWrap: 'preserve' })).toBe(text);
});

test('a README with markers, written twice, has the figures between them once and keeps the rest', () => {
  const once = withFigures(README, chaosReport());
  expect(once.startsWith('before\n') && once.endsWith('<!-- chaos: end -->\n\nafter\n')).toBe(true);
  expect(once).not.toContain('earlier figures');
  expect(withFigures(once, chaosReport())).toBe(once);
});

test('a README without markers is refused', () => {
  expect(() => withFigures('before\nafter\n', chaosReport())).toThrow('the README has no');
});
