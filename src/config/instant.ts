import { limits } from '../core/limits.js';
import { badSetting } from './settings.js';

const EXPECTED =
  'um momento, em ms desde 1970 ou como "27/11/2026 14:30:05,123" ou "2026-11-27T14:30:05.123Z" (sem Z: hora local)';

/** As tables show dates: day, month, year, and the time as far as it is said. */
const LOCAL = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?)?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?)?$/;
const ISO_ZONE = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/i;

/**
 * A moment: ms since 1970, or a date, which without a zone is local. A moment said less exactly than to the
 * millisecond is the end of what was said: 14:30 is everything of that minute.
 * @returns ms since 1970
 * @throws KvsError CONFIGURACAO
 */
export function parseInstant(text: string, place: string): number {
  const ms = millisecondsOf(text);
  if (ms === undefined || !Number.isSafeInteger(ms) || ms < 1 || ms > limits.timestampMs) {
    throw badSetting(place, text, EXPECTED);
  }
  return ms;
}

function millisecondsOf(text: string): number | undefined {
  if (/^\d{1,16}$/.test(text)) return Number(text);
  if (ISO_ZONE.test(text)) return Date.parse(text.replace(' ', 'T').replace(',', '.').toUpperCase());
  const [, day, month, year, ...time] = LOCAL.exec(text) ?? [];
  if (day !== undefined) return localMs([year, month, day], time);
  const [, isoYear, isoMonth, isoDay, ...isoTime] = ISO.exec(text) ?? [];
  return isoYear === undefined ? undefined : localMs([isoYear, isoMonth, isoDay], isoTime);
}

/** `undefined` for a date that the calendar does not have. */
function localMs(
  date: readonly (string | undefined)[],
  time: readonly (string | undefined)[],
): number | undefined {
  const [year = 0, month = 0, day = 0] = date.map(Number);
  const [hour = '23', minute = '59', second = '59', fraction = '999'] = time;
  const numbers = [Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, '0'))] as const;
  const made = new Date(year, month - 1, day, ...numbers);
  const isThere =
    made.getFullYear() === year && made.getMonth() === month - 1 && made.getDate() === day && numbers[0] < 24;
  return isThere && numbers[1] < 60 && numbers[2] < 60 ? made.getTime() : undefined;
}
