/** Identifies a write until it is answered: whoever sends the same write again, since no answer came, writes it once. */
export class RequestIds {
  private open: { readonly content: string; readonly id: string } | undefined;

  /** @param content all that is written: another one is another write */
  of(content: string): string {
    if (this.open?.content !== content) this.open = { content, id: newId() };
    return this.open.id;
  }

  /** The write was answered: the next one, also of the same content, is another one. */
  answered(): void {
    this.open = undefined;
  }
}

/** A UUID. `crypto.randomUUID` is missing on pages that came over plain HTTP from another machine. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
