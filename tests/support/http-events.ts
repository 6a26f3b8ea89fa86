import { get } from 'node:http';

/** Events of `/v1/observa` as they come, by HTTP/1.1. */
export class HttpEvents {
  text = '';
  isEnded = false;
  private constructor(private readonly end: () => void) {}

  static open(port: number, path: string, headers: Readonly<Record<string, string>> = {}): HttpEvents {
    const request = get({ port, host: '127.0.0.1', path, headers }, (response) => {
      response.setEncoding('utf8').on('data', (piece: string) => (events.text += piece));
      response.on('error', () => undefined).on('close', () => (events.isEnded = true));
    });
    request.on('error', () => undefined);
    const events = new HttpEvents(() => request.destroy());
    return events;
  }

  get all(): {
    event: string;
    id: string | undefined;
    data: Partial<Record<string, string | number | boolean>>;
  }[] {
    return this.text
      .split('\n\n')
      .filter((block) => block.startsWith('event:'))
      .map((block) => {
        const fields = new Map(
          block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
        );
        const data = JSON.parse(fields.get('data') ?? '') as Partial<
          Record<string, string | number | boolean>
        >;
        return { event: fields.get('event') ?? '', id: fields.get('id'), data };
      });
  }

  names(): string[] {
    return this.all.map(({ event, data }) =>
      `${event} ${String(data['chave'] ?? '')} ${String(data['versao'] ?? '')}`.trim(),
    );
  }

  close(): void {
    this.end();
  }
}
