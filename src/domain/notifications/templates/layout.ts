import { escapeMarkup } from './inert.js';

/** One part of a mail. Texts are plain: markup in them is shown as it is. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** Label and value; the emphasised ones stand out. */
  | { readonly kind: 'table'; readonly rows: readonly TableRow[] }
  /** A link of ours or of our staff, never one that a customer typed. */
  | { readonly kind: 'link'; readonly label: string; readonly url: string }
  | { readonly kind: 'code'; readonly label: string; readonly code: string };

export interface TableRow {
  readonly label: string;
  readonly value: string;
  readonly emphasis?: boolean;
}

export interface Letter {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Small print, e.g. why this mail came. */
  readonly footer?: string;
}

/** The shop's one mail design, as text and as HTML without images, scripts or remote parts. */
export const layout = (letter: Letter): { readonly text: string; readonly html: string } => ({
  text: asText(letter),
  html: asHtml(letter),
});

function asText({ title, blocks, footer }: Letter): string {
  const parts = [title, ...blocks.map(blockText), ...(footer === undefined ? [] : [`-- \n${footer}`])];
  return `${parts.join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return block.text;
    case 'lines':
      return block.lines.join('\n');
    case 'table':
      return block.rows.map((row) => `${row.label}: ${row.value}`).join('\n');
    case 'link':
      return `${block.label}: ${block.url}`;
    case 'code':
      return `${block.label} ${block.code}`;
  }
}

const FONT = 'font-family:Helvetica,Arial,sans-serif;color:#1c1c1c';

function asHtml({ title, blocks, footer }: Letter): string {
  const small = footer === undefined ? '' : `<p style="font-size:12px;color:#6b6b6b">${escapeMarkup(footer)}</p>`;
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeMarkup(title)}</title></head>`,
    `<body style="margin:0;padding:24px;${FONT}"><div style="max-width:560px;margin:0 auto">`,
    `<h1 style="font-size:20px">${escapeMarkup(title)}</h1>`,
    ...blocks.map(blockHtml),
    small,
    '</div></body></html>',
  ].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${escapeMarkup(block.text)}</p>`;
    case 'lines':
      return `<p>${block.lines.map(escapeMarkup).join('<br>')}</p>`;
    case 'table':
      return `<table style="width:100%;border-collapse:collapse">${block.rows.map(rowHtml).join('')}</table>`;
    case 'link':
      return `<p><a href="${escapeMarkup(block.url)}">${escapeMarkup(block.label)}</a></p>`;
    case 'code':
      return `<p>${escapeMarkup(block.label)} <code>${escapeMarkup(block.code)}</code></p>`;
  }
}

function rowHtml({ label, value, emphasis = false }: TableRow): string {
  const weight = emphasis ? 'font-weight:bold;' : '';
  return (
    `<tr><td style="${weight}padding:4px 0">${escapeMarkup(label)}</td>` +
    `<td style="${weight}padding:4px 0;text-align:right;white-space:nowrap">${escapeMarkup(value)}</td></tr>`
  );
}
