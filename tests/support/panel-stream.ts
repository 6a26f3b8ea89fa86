import { get } from 'node:http';
import type { PanelLineJson } from '../../src/doors/http/panel-json.js';

type LineOf<Kind extends PanelLineJson['tipo']> = Extract<PanelLineJson, { readonly tipo: Kind }>;

/** What feeds a panel, as it comes, by HTTP/1.1. */
export class PanelStream {
  readonly lines: PanelLineJson[] = [];
  status = 0;
  isEnded = false;
  private text = '';
  private constructor(private readonly end: () => void) {}

  static open(port: number, token?: string): PanelStream {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = { port, host: '127.0.0.1', path: '/v1/painel', headers };
    const request = get(asked, (response) => {
      stream.status = response.statusCode ?? 0;
      response.setEncoding('utf8').on('data', (piece: string) => stream.take(piece));
      response.on('error', () => undefined).on('close', () => (stream.isEnded = true));
    });
    request.on('error', () => (stream.isEnded = true));
    const stream = new PanelStream(() => request.destroy());
    return stream;
  }

  get start(): LineOf<'inicio'> | undefined {
    return this.of('inicio')[0];
  }

  /** The last picture. */
  get picture(): LineOf<'quadro'> | undefined {
    return this.of('quadro').at(-1);
  }

  get pictures(): readonly LineOf<'quadro'>[] {
    return this.of('quadro');
  }

  get events(): LineOf<'eventos'>['eventos'] {
    return this.of('eventos').flatMap(({ eventos }) => eventos);
  }

  /** Why the server ended it. */
  get endCode(): string | undefined {
    return this.of('fim')[0]?.codigo;
  }

  /** A server in the last picture, by name. */
  server(name: string): LineOf<'quadro'>['servidores'][number] | undefined {
    return this.picture?.servidores.find(({ nome }) => nome === name);
  }

  /** Whom a server hears by the last picture, by their names, in order; `undefined`: it does not say. */
  heardBy(name: string): readonly string[] | undefined {
    const servers = this.picture?.servidores ?? [];
    const nameOf = (one: string): string =>
      servers.find(({ origem, endereco }) => one === (origem || endereco))?.nome ?? one;
    return this.server(name)?.ouve?.map(nameOf).sort();
  }

  close(): void {
    this.end();
  }

  private of<Kind extends PanelLineJson['tipo']>(kind: Kind): LineOf<Kind>[] {
    return this.lines.filter((line): line is LineOf<Kind> => line.tipo === kind);
  }

  private take(piece: string): void {
    const lines = (this.text + piece).split('\n');
    this.text = lines.pop() ?? '';
    for (const line of lines) this.lines.push(JSON.parse(line) as PanelLineJson);
  }
}
