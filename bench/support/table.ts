/** What a section found. Cells are text already: units are in the column names. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How it was measured, and what was checked: one line each. */
  readonly notes: readonly string[];
}

/** A table in Markdown, with columns aligned so that it reads well on a terminal too. */
export function markdown(table: Table): string {
  const lines = [table.columns, ...table.rows];
  const widths = table.columns.map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  );
  const row = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = cells[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const notes = table.notes.map((note) => `- ${note}`);
  return [`### ${table.title}`, '', row(table.columns), rule, ...table.rows.map(row), '', ...notes, ''].join(
    '\n',
  );
}
