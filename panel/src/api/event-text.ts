/** One event of `text/event-stream`. */
interface StreamEvent {
  readonly name: string;
  readonly data: string;
  /** The id that it brought, if any. */
  readonly id: string | undefined;
}

/** Events of `text/event-stream` from their lines, as the HTML standard has it, as far as this server speaks it. Pure. */
export class EventLines {
  private name = '';
  private id: string | undefined;
  private data: string[] = [];

  /** @returns the event that the line ends, if it ends one */
  add(line: string): StreamEvent | undefined {
    if (line === '') return this.end();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id') this.id = value;
    return undefined;
  }

  private end(): StreamEvent | undefined {
    const { name, id, data } = this;
    this.name = '';
    this.id = undefined;
    this.data = [];
    return data.length === 0 ? undefined : { name, id, data: data.join('\n') };
  }
}
