/** Width of the terminal on standard output; `undefined` if it is none. */
export function terminalColumns(): number | undefined {
  const { isTTY, columns } = process.stdout;
  // A terminal may not know its size.
  return isTTY && columns > 0 ? columns : undefined;
}
