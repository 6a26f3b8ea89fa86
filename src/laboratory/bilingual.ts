/** The languages of what people read of a laboratory. */
export type SentenceLanguage = 'pt' | 'en';

/** The same words in both languages. */
export interface BothLanguages {
  readonly pt: string;
  readonly en: string;
}

export function bilingual(pt: string, en: string): BothLanguages {
  return { pt, en };
}

/** A count with its noun: `1 lote` and `2 lotes`, `1 batch` and `2 batches`. */
export function nounCount(
  n: number,
  pt: readonly [one: string, many: string],
  en: readonly [one: string, many: string],
): BothLanguages {
  const index = n === 1 ? 0 : 1;
  return { pt: `${n} ${pt[index]}`, en: `${n} ${en[index]}` };
}

const TEXT_CHARS = 40;

/** A key or value of somebody's, short and in one line: what cannot be seen stands as its number. */
export function quoted(text: unknown): string {
  if (typeof text !== 'string') return '?';
  const letters = Array.from(text.slice(0, 2 * TEXT_CHARS + 2));
  const isLong = letters.length > TEXT_CHARS || text.length > 2 * TEXT_CHARS + 2;
  const shown = letters
    .slice(0, TEXT_CHARS)
    .join('')
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
      (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    );
  return isLong ? `${shown}…` : shown;
}

/** A time in ms as people read it. */
export function spanOf(ms: number): BothLanguages {
  const size = Math.abs(ms);
  if (size < 1_000) return bilingual(`${size} ms`, `${size} ms`);
  if (size < 60_000) return number(size / 1_000, 's');
  return number(size / 60_000, 'min');
}

function number(value: number, unit: string): BothLanguages {
  const text = String(Math.round(value * 10) / 10);
  return bilingual(`${text.replace('.', ',')} ${unit}`, `${text} ${unit}`);
}
