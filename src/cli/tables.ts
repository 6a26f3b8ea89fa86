import Table from 'cli-table3';
import type { Colors } from 'picocolors/types.js';
import type { Answer } from './answers.js';
import type { Reply } from './call.js';
import { visible } from './format.js';
import type { CountedName } from './operations/names.js';

/** Longest text in a table cell on a terminal, in characters. */
const CELL_CHARS_MAX = 60;

/** Longest one in a table that is drawn: every row is as long as the longest. */
const DRAWN_CHARS_MAX = 200;

/** Several answers for people, one row each. */
export function answersTable(operation: CountedName, answers: readonly Answer[], colors: Colors): string {
  const query = operation === 'consulta-v';
  const header = query ? ['chave', 'versão', 'valor', 'resultado'] : ['chave', 'versão', 'resultado'];
  const done = query ? 'encontrada' : operation === 'remove-v' ? 'removida' : 'inserida';
  const rows = answers.map((answer) => {
    const { refusal } = answer;
    const version = refusal !== undefined ? '-' : answer.version === 0 ? 'todas' : String(answer.version);
    const result = refusal === undefined ? colors.green(done) : colors.red(visible(refusal.message));
    const shown = [cell(answer.key), version];
    return query ? [...shown, cell(answer.value ?? ''), result] : [...shown, result];
  });
  return table(header, rows, colors);
}

/** Rows of a snapshot for people, while they are few enough to measure. */
export function snapshotTable(rows: readonly Reply[], colors: Colors): string {
  return table(
    ['chave', 'versão', 'valor'],
    rows.map(({ chave, versao, valor }) => [cell(chave), String(versao), cell(valor)]),
    colors,
  );
}

/** One row of a snapshot too long to measure. */
export function snapshotLine({ chave, versao, valor }: Reply): string {
  return `${cell(chave).padEnd(24)}  ${String(versao).padStart(6)}  ${cell(valor)}`;
}

/** A text that does nothing to the terminal, and fits a cell there. In a pipe nothing is cut. */
export function cell(text: string): string {
  const shown = visible(text);
  if (!process.stdout.isTTY || shown.length <= CELL_CHARS_MAX) return shown;
  return `${shown.slice(0, CELL_CHARS_MAX - 1)}…`;
}

/** Rows below a header. With a longer cell than a table takes, its columns are only kept apart by tabs. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  colors: Colors,
): string {
  if (rows.some((row) => row.some((text) => text.length > DRAWN_CHARS_MAX))) {
    return [header, ...rows].map((row) => row.join('\t')).join('\n');
  }
  const drawn = new Table({
    head: header.map((title) => colors.bold(title)),
    style: { head: [], border: [] },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}
