import picocolors from 'picocolors';
import type { KeyAnswer, KeyOperation } from '../operations/operation.js';
import type { Output } from '../output.js';
import { RowPrinter } from './rows.js';
import { answerJson } from './texts.js';

/** Prints the answers of one operation. */
interface Printer {
  /** A returned promise asks to wait before the next answer. */
  add(answer: KeyAnswer): Promise<void> | undefined;
  /** Called after the last answer. @param failed whether more answers were expected */
  end(failed: boolean): Promise<void>;
}

/** The format of answers: JSON lines, or for people a text for a single answer and a table for several. */
export async function printerOf(operation: KeyOperation, json: boolean, output: Output): Promise<Printer> {
  const { text, columns, answers, countText } = operation;
  if (json) return { add: (answer) => output.line(answerJson(answer)), end: () => Promise.resolve() };
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

function asItIs(text: string): string {
  return text;
}
