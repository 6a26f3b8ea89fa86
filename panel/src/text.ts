import { language } from './preferences.js';

/**
 * The words of the page, in the language that is chosen: `say('Chaves', 'Keys')`. A component that calls it is drawn
 * again when the language changes.
 */
export function say(pt: string, en: string): string {
  return language.value === 'pt' ? pt : en;
}

/** The same for a count: `plural(n, ['chave', 'chaves'], ['key', 'keys'])` is `1 chave` or `2 chaves`. */
export function plural(n: number, pt: readonly [string, string], en: readonly [string, string]): string {
  const [one, many] = language.value === 'pt' ? pt : en;
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** The language as `Intl` names it. */
function locale(): string {
  return language.value === 'pt' ? 'pt-BR' : 'en-GB';
}

const formats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** A number as people of the language write it. @param least decimals that are written though they say nothing */
export function number(value: number, decimals = 0, least = 0): string {
  const key = `${locale()} ${decimals} ${least}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale(), {
      maximumFractionDigits: decimals,
      minimumFractionDigits: least,
    });
    formats.set(key, format);
  }
  return format.format(value);
}

function date(kind: string, options: Intl.DateTimeFormatOptions, ms: number): string {
  const key = `${locale()} ${kind}`;
  let format = dateFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale(), options);
    dateFormats.set(key, format);
  }
  return format.format(ms);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;

/** The time of day, to the millisecond. @param ms since 1970 */
export function clock(ms: number): string {
  return date('clock', { ...CLOCK, fractionalSecondDigits: 3 }, ms);
}

/** Day and time, to the millisecond. @param ms since 1970 */
export function moment(ms: number): string {
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  return date('moment', { ...day, ...CLOCK, fractionalSecondDigits: 3 }, ms);
}

/** The time of day, to the second. @param ms since 1970 */
export function clockSeconds(ms: number): string {
  return date('seconds', CLOCK, ms);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes with a unit that keeps the number short. */
export function bytes(value: number): string {
  let unit = 0;
  let shown = value;
  while (shown >= 1024 && unit < BYTE_UNITS.length - 1) {
    shown /= 1024;
    unit++;
  }
  return `${number(shown, unit === 0 || shown >= 100 ? 0 : 1)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** A time span in the largest unit that fits. */
export function duration(ms: number): string {
  if (ms < 10) return `${number(ms, 2)} ms`;
  if (ms < 1000) return `${number(ms)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${number(Math.floor(ms / 60_000))} min`;
  if (ms < 86_400_000) return `${number(ms / 3_600_000, 1)} h`;
  return plural(Math.floor(ms / 86_400_000), ['dia', 'dias'], ['day', 'days']);
}

/** So many a second. */
export function rate(perSecond: number): string {
  return `${number(perSecond, perSecond < 10 ? 1 : 0)}/s`;
}

/** A share of one as per cent. */
export function percent(share: number): string {
  return `${number(share * 100, share < 0.1 ? 1 : 0)} %`;
}
