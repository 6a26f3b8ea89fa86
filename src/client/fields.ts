/** A text field of a message; empty if absent. 64-bit numbers are texts too, since a number cannot hold them all. */
export function textOf(message: object, field: string): string {
  const value = valueOf(message, field);
  return typeof value === 'string' ? value : '';
}

/** A 32-bit number field of a message; 0 if absent. */
export function numberOf(message: object, field: string): number {
  const value = valueOf(message, field);
  return typeof value === 'number' ? value : 0;
}

/** A field of a message as the loader decodes it. */
export function valueOf(message: object, field: string): unknown {
  return new Map<string, unknown>(Object.entries(message)).get(field);
}
