type Palette = Readonly<Record<string, string>>;

const LIGHT: Palette = {
  ...{ ground: '#ffffff', line: '#d8dee4', text: '#1f2328', soft: '#59636e' },
  ...{ ok: '#2da67e', refused: '#7aa7d9', unavailable: '#f0b429', error: '#d64545' },
  ...{ kill: '#d64545', freeze: '#3f83c8', other: '#8a63c9' },
};
const DARK: Palette = {
  ...{ ground: '#0d1117', line: '#2b323b', text: '#e6edf3', soft: '#9198a1' },
  ...{ ok: '#2f9e78', refused: '#4f7fb5', unavailable: '#d99a1c', error: '#e5534b' },
  ...{ kill: '#c9443c', freeze: '#3f7fc0', other: '#8a63c9' },
};

const FILLED = ['text', 'soft', 'ok', 'refused', 'unavailable', 'error', 'kill', 'freeze', 'other'];
const coloured = (colours: Palette): string =>
  [
    ...FILLED.map((name) => `.${name}{fill:${colours[name]}}`),
    `.line{stroke:${colours['line']}}.ground{fill:${colours['ground']};stroke:${colours['line']}}.veil{fill:${colours['soft']}}`,
    `.zero{stroke:${colours['ok']}}`,
  ].join('');

/** Readable on GitHub's light and dark pages: it brings its own ground. No variables, which not all who draw SVG know. */
export const STYLE = [
  `text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px}`,
  '.title{font-size:19px;font-weight:600}.label{fill:#ffffff;font-size:11px}.zero{stroke-width:2.5;fill:none}.veil{opacity:.07}',
  coloured(LIGHT),
  `@media (prefers-color-scheme:dark){${coloured(DARK)}}`,
].join('\n');
