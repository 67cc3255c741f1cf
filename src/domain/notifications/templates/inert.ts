/** Control characters, line separators, marks of reading direction and what else is not seen; joiners belong to words. */
const CONTROL = /(?:(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}])+/gu;

/** Markup in a text becomes text. */
export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * A name or title that somebody typed, on one line: it can neither forge lines or reading direction nor become a link in
 * a mail program, since our mails go to addresses that nobody confirmed.
 */
export const inert = (text: string): string =>
  text
    .replace(CONTROL, ' ')
    .replace(/:\/\//g, ': //')
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)} .`)
    .replace(/\s+/g, ' ')
    .trim();
