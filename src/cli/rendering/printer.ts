import picocolors from 'picocolors';
import type { KeyAnswer, KeyOperation } from '../operations/operation.js';
import type { Format } from '../format.js';
import type { Output } from '../output.js';
import { RowPrinter } from './rows.js';
import { answerJson } from './texts.js';
import { plain } from './visible.js';

/** Prints the answers of one operation. */
interface Printer {
  /** A returned promise asks to wait before the next answer. */
  add(answer: KeyAnswer): Promise<void> | undefined;
  /** Called after the last answer. @param failed whether more answers were expected */
  end(failed: boolean): Promise<void>;
}

/** Prints JSON lines, plain values, or for people a text for a single answer and a table for several. */
export async function printerOf(operation: KeyOperation, format: Format, output: Output): Promise<Printer> {
  const { text, columns, answers, countText } = operation;
  const end = (): Promise<void> => Promise.resolve();
  if (format === 'json') return { add: (answer) => output.line(answerJson(answer)), end };
  if (format === 'values') {
    return {
      add: (answer) => {
        if (answer.refusal === undefined) return output.line(plainAnswer(answer));
        output.error(answer.refusal.message);
        return undefined;
      },
      end,
    };
  }
  const colors = picocolors.createColors(output.colors);
  if (text !== undefined) {
    return {
      add: (answer) => {
        if (answer.refusal === undefined) return output.line(text(answer, colors));
        output.error(answer.refusal.message);
        return undefined;
      },
      end: () => Promise.resolve(),
    };
  }
  // Loaded on demand: a single answer must not wait for the table code.
  const { table } = await import('./table.js');
  const header = columns.map(({ title }) => title);
  const rowOf = (answer: KeyAnswer): readonly string[] => {
    const paint = answer.refusal === undefined ? colors.green : colors.red;
    return columns.map((column) =>
      column.isPainted === true ? paint(column.cell(answer)) : column.cell(answer),
    );
  };
  // Answers whose keys are known only at the end are all buffered: one table holds them.
  const rowsMax = operation.door.isTimed || answers === 'rows' ? undefined : Infinity;
  const rows = new RowPrinter<KeyAnswer>(
    output,
    {
      table: (kept) => table(header, kept.map(rowOf), colors),
      line: (answer) => columns.map(({ cell, inLine = asItIs }) => inLine(cell(answer))).join('  '),
    },
    rowsMax,
  );
  return {
    add: (answer) => rows.add(answer),
    end: async (failed) => {
      await rows.end();
      if (!failed && countText !== undefined) await output.line(countText(rows.count));
    },
  };
}

/** What was read, or the version of what was written or removed. */
function plainAnswer({ operation, found, assigned }: KeyAnswer): string {
  if (!operation.rpc.writes) return plain(found?.value ?? '');
  return String(assigned > 0n ? assigned : (found?.version ?? 0n));
}

function asItIs(text: string): string {
  return text;
}
