/** The latest time that a Date holds. */
const DATE_MS_MAX = 8_640_000_000_000_000n;

/** Made for the first date: it takes as long as loading a hundred modules, and most commands show none. */
let format: Intl.DateTimeFormat | undefined;

/** A version as a local date, `21/11/2026 01:25:54,123`; empty if out of the range of dates. */
export function dateText(version: bigint): string {
  if (version > DATE_MS_MAX || version < -DATE_MS_MAX) return '';
  format ??= new Intl.DateTimeFormat('pt-BR', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  return format.format(new Date(Number(version))).replace(', ', ' ');
}

/** ` (date)`, for a version that is a date. */
export function dated(version: bigint): string {
  const date = dateText(version);
  return date === '' ? '' : ` (${date})`;
}
