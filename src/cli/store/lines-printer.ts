import picocolors from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Output } from '../output.js';
import { dateText } from '../rendering/dates.js';
import { RowPrinter } from '../rendering/rows.js';
import { terminalColumns } from '../rendering/terminal.js';
import { plain, safeJson, shownKey, visible } from '../rendering/visible.js';
import type { Format } from '../format.js';
import type { StoreLine } from './store-line.js';

/** Prints lines of the store in one format. */
export interface LinesPrinter {
  /** A returned promise asks to wait before the next line. */
  add(line: StoreLine): Promise<void> | undefined;
  /** Called after the last line. @param failed whether more lines were expected */
  end(failed: boolean): Promise<void>;
}

/** Which lines a table shows, beyond what is common to all. */
interface LinesStyle {
  readonly hasKey: boolean;
  readonly hasValue: boolean;
  /** Their number, for people: `3 chaves`. */
  readonly countText: (count: number) => string;
}

/** Widest column of keys on a terminal. */
const KEY_COLUMNS_MAX = 32;
/** Narrowest column of values there: what does not fit then, is left out. */
const VALUE_COLUMNS_MIN = 16;
/** What a narrow terminal does without, first to last. In a list who wrote tells more than when; in a history less. */
const SPARE_IN_LIST = ['data', 'expira', 'servidor'];
const SPARE_IN_HISTORY = ['servidor', 'expira', 'data'];

/** The printer of a command that shows lines. */
export async function linesPrinter(format: Format, style: LinesStyle, output: Output): Promise<LinesPrinter> {
  const { hasKey, hasValue, countText } = style;
  const end = (): Promise<void> => Promise.resolve();
  if (format === 'json') return { add: (line) => output.line(safeJson(line)), end };
  if (format === 'values') {
    return { add: (line) => output.line(plain(hasValue ? line.valor : line.chave)), end };
  }
  // Loaded on demand: a single answer must not wait for the table code.
  const [{ BORDER_COLUMNS, fittedTable, titlesBeyond }, { columnsOf, cutTo }] = await Promise.all([
    import('../rendering/table.js'),
    import('../rendering/fit.js'),
  ]);
  const colors = picocolors.createColors(output.colors);
  const columns = terminalColumns();
  const spare = hasKey ? SPARE_IN_LIST : SPARE_IN_HISTORY;
  const tableText = (lines: readonly StoreLine[]): string => {
    const expires = lines.some(({ expira }) => expira > 0);
    const shown = lines.map((line) => cellsOf(line, expires, colors));
    const keyMax = columns === undefined ? Infinity : KEY_COLUMNS_MAX;
    const keys = shown.map(({ key }) => cutTo(key, keyMax));
    const [version = '', date = '', ...more] = OTHER_TITLES.filter((title) => title !== 'expira' || expires);
    const header = [
      ...(hasKey ? ['chave'] : []),
      ...[version, date],
      ...(hasValue ? ['valor'] : []),
      ...more,
    ];
    const rowsWith = (valueMax: number): readonly (readonly string[])[] =>
      shown.map(({ value, rest: [first = '', second = '', ...last] }, at) => [
        ...(hasKey ? [keys[at] ?? ''] : []),
        ...[first, second],
        ...(hasValue ? [cutTo(value, valueMax)] : []),
        ...last,
      ]);
    if (columns === undefined) return fittedTable(header, rowsWith(Infinity), colors, { columns, spare });
    const narrow = rowsWith(VALUE_COLUMNS_MIN);
    const wide = header.map((title, at) =>
      Math.max(columnsOf(title), ...narrow.map((row) => columnsOf(row[at] ?? ''))),
    );
    const gone = titlesBeyond(header, wide, columns, spare);
    const taken = header.reduce(
      (sum, title, at) =>
        gone.includes(title) ? sum : sum + BORDER_COLUMNS + (title === 'valor' ? 0 : (wide[at] ?? 0)),
      1,
    );
    const rows = rowsWith(Math.max(VALUE_COLUMNS_MIN, columns - taken));
    return fittedTable(header, rows, colors, { columns, spare });
  };
  const rows = new RowPrinter<StoreLine>(output, {
    table: tableText,
    line: (line) => {
      const { key, value, rest } = cellsOf(line, true, colors);
      const [version = '', ...others] = rest;
      const cells = [version.padStart(6), ...others].filter((text) => text !== '');
      return [...(hasKey ? [key.padEnd(24)] : []), ...cells, ...(hasValue ? [value] : [])].join('  ');
    },
  });
  return {
    add: (line) => rows.add(line),
    end: async (failed) => {
      await rows.end();
      if (!failed) await output.line(countText(rows.count));
    },
  };
}

const OTHER_TITLES = ['versão', 'data', 'servidor', 'expira', 'situação'];

interface Cells {
  readonly key: string;
  readonly value: string;
  /** In the order of {@link OTHER_TITLES}. */
  readonly rest: readonly string[];
}

function cellsOf(line: StoreLine, expires: boolean, colors: Colors): Cells {
  return {
    key: shownKey(line.chave),
    value: visible(line.valor),
    rest: [
      String(line.versao),
      dateText(BigInt(line.ts)),
      visible(writerOf(line)),
      ...(expires ? [line.expira > 0 ? dateText(BigInt(line.expira)) : ''] : []),
      marksOf(line, colors),
    ],
  };
}

/** The readable name of the server that wrote a line, or what stands for it. */
export function writerOf({ servidor, origem }: StoreLine): string {
  return servidor === '' ? origem : servidor;
}

/** `atual` marks a head, `irmã` a version whose number another has too, `estável` what every known server holds. */
export function marksOf({ atual, irma, estavel }: StoreLine, colors: Colors): string {
  return [
    ...(atual ? [colors.green('atual')] : []),
    ...(irma ? [colors.yellow('irmã')] : []),
    ...(estavel ? ['estável'] : []),
  ].join(' ');
}
