import { KvsError } from '../../core/errors.js';

/** The words of a typed line, and how it ends, for completion. */
interface LineWords {
  readonly words: readonly string[];
  /** The quote that is still open. */
  readonly open: '"' | "'" | undefined;
  /** Where the last word begins in the line; the length of the line after a blank. */
  readonly lastAt: number;
}

/**
 * Splits a line into words as a shell does: blanks separate, quotes keep them, a backslash takes the next character as it
 * is (within `"` only before `"` and itself). Nothing is expanded.
 */
export function splitLine(line: string): LineWords {
  const words: string[] = [];
  let word: string | undefined;
  let open: '"' | "'" | undefined;
  let lastAt = line.length;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (open === undefined && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      [word, lastAt] = [undefined, line.length];
      continue;
    }
    if (word === undefined) [word, lastAt] = ['', at];
    const next = line[at + 1];
    const isEscape = char === '\\' && next !== undefined && open !== "'";
    if (isEscape && (open === undefined || next === '"' || next === '\\')) {
      word += next;
      at++;
    } else if (char === open) open = undefined;
    else if (open === undefined && (char === '"' || char === "'")) open = char;
    else word += char;
  }
  if (word !== undefined) words.push(word);
  return { words, open, lastAt };
}

/** The words of a whole line. @throws KvsError CONFIGURACAO for an open quote */
export function lineWords(line: string): readonly string[] {
  const { words, open } = splitLine(line);
  if (open === undefined) return words;
  throw new KvsError('CONFIGURACAO', `falta fechar as aspas (${open})`);
}

/** A word as it must be typed to be one word. */
export function typedWord(word: string): string {
  if (/^[^\s"'\\]+$/.test(word)) return word;
  return `"${word.replace(/["\\]/g, '\\$&')}"`;
}
