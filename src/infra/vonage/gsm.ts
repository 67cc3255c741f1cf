/** GSM 03.38: what a text message can say in 7 bits; the second set takes two places. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENDED = new Set('\f^{}\\[~]|€');

export const isGsm = (text: string): boolean => [...text].every((char) => BASIC.has(char) || EXTENDED.has(char));

/** How many parts a text is sent in: 160 places in one, 153 in each of several; 70 and 67 beyond GSM. */
export function partsOf(text: string): number {
  if (!isGsm(text)) return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  const places = [...text].reduce((sum, char) => sum + (EXTENDED.has(char) ? 2 : 1), 0);
  return places <= 160 ? 1 : Math.ceil(places / 153);
}
