/** The text of a message as its sentence reads it: any field may be missing, or of any kind. */
export class MessageText {
  private readonly fields: Readonly<Record<string, unknown>>;

  private constructor(value: unknown) {
    this.fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  }

  /** A text that is cut or no JSON has no fields. */
  static of(body: string): MessageText {
    try {
      return new MessageText(JSON.parse(body));
    } catch {
      return new MessageText(undefined);
    }
  }

  text(name: string): string | undefined {
    const value = this.field(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.field(name);
    return typeof value === 'number' ? value : undefined;
  }

  has(name: string): boolean {
    return this.field(name) !== undefined;
  }

  isTrue(name: string): boolean {
    return this.field(name) === true;
  }

  part(name: string): MessageText {
    return new MessageText(this.field(name));
  }

  list(name: string): readonly MessageText[] {
    const value = this.field(name);
    return Array.isArray(value) ? value.map((one: unknown) => new MessageText(one)) : [];
  }

  /** Entries of a vector: those that are none are left out. */
  vector(name: string): readonly (readonly [origin: string, seq: number])[] {
    const value = this.field(name);
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown) =>
      Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number'
        ? [[entry[0], entry[1]] as const]
        : [],
    );
  }

  private field(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
  }
}
