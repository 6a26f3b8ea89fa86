/** A text field of a message; empty if it has none. 64-bit numbers are texts too: a number could not hold them all. */
export function textOf(message: object, field: string): string {
  const value = valueOf(message, field);
  return typeof value === 'string' ? value : '';
}

/** A 32-bit number field of a message; 0 if it has none. */
export function numberOf(message: object, field: string): number {
  const value = valueOf(message, field);
  return typeof value === 'number' ? value : 0;
}

/** A field of a message as the loader gives it. */
export function valueOf(message: object, field: string): unknown {
  return new Map<string, unknown>(Object.entries(message)).get(field);
}
