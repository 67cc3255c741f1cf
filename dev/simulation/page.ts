const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --text: #1a2230; --dim: #667085; --line: #e4e7ec; --accent: #5146e5;
  --good: #067647; --good-bg: #e3f8ec; --bad: #b42318; --bad-bg: #fde9e7; --wait: #93590b; --wait-bg: #fdf2d8; --idle: #475467; --idle-bg: #eceff3; }
@media (prefers-color-scheme: dark) { :root { --bg: #10131a; --card: #191e28; --text: #e6e9ef; --dim: #98a2b3; --line: #2a3140; --accent: #9d95ff;
  --good: #6fdca0; --good-bg: #12352a; --bad: #ff9c92; --bad-bg: #43211f; --wait: #f6cf78; --wait-bg: #3d3015; --idle: #b6c0d0; --idle-bg: #2a3140; } }
* { box-sizing: border-box; } body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.5 system-ui, sans-serif; }
header, main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 0; } main { padding-bottom: 60px; }
h1 { margin: 0; font-size: 22px; letter-spacing: -.01em; } h2 { font-size: 15px; margin: 28px 0 10px; } p { color: var(--dim); margin: 4px 0 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin-top: 20px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; } .tile { padding: 14px 16px; }
.tile b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; } .tile span { color: var(--dim); font-size: 12px; }
.card { overflow-x: auto; } table { border-collapse: collapse; width: 100%; } td, th { padding: 9px 14px; text-align: left; white-space: nowrap; }
th { color: var(--dim); font-weight: 500; font-size: 12px; } tr + tr td { border-top: 1px solid var(--line); } thead + tbody tr:first-child td { border-top: 1px solid var(--line); }
td.num, th.num { text-align: right; font-variant-numeric: tabular-nums; } td.wrap { white-space: pre-wrap; min-width: 260px; } .dim { color: var(--dim); }
code { font: 12px ui-monospace, monospace; } a { color: var(--accent); } .empty { padding: 28px; text-align: center; color: var(--dim); }
.pill { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12px; }
.good { color: var(--good); background: var(--good-bg); } .bad { color: var(--bad); background: var(--bad-bg); }
.wait { color: var(--wait); background: var(--wait-bg); } .idle { color: var(--idle); background: var(--idle-bg); }
.narrow { max-width: 460px; margin-top: 12vh; } .narrow .card { padding: 28px; } button { font: inherit; padding: 10px 18px; border-radius: 8px; border: 1px solid var(--line);
  background: var(--card); color: inherit; cursor: pointer; } button.primary { background: var(--accent); border-color: var(--accent); color: var(--card); } .row { display: flex; gap: 10px; margin-top: 22px; }
button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }`;

/** A whole page around `body`, which must be escaped already. */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;

export type Tone = 'good' | 'bad' | 'wait' | 'idle';

export const pill = (text: string, tone: Tone): string => `<span class="pill ${tone}">${escapeHtml(text)}</span>`;

export const tile = (label: string, value: string): string =>
  `<div class="tile"><span>${escapeHtml(label)}</span><b>${escapeHtml(value)}</b></div>`;

/** A table in a card; cells are HTML, columns marked `num` are right-aligned. */
export function table(
  columns: readonly { readonly title: string; readonly kind?: 'num' | 'wrap' }[],
  rows: readonly (readonly string[])[],
  empty: string,
): string {
  if (rows.length === 0) return `<div class="card"><div class="empty">${escapeHtml(empty)}</div></div>`;
  const kind = (index: number): string => (columns[index]?.kind ? ` class="${columns[index].kind}"` : '');
  const head = columns.map((column, index) => `<th${kind(index)}>${escapeHtml(column.title)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell, index) => `<td${kind(index)}>${cell}</td>`).join('')}</tr>`);
  return `<div class="card"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
