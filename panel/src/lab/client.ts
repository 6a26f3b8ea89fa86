import { labPageLimits } from './limits.js';
import { LineSplitter } from './line-splitter.js';

/** What the laboratory says of one of its servers. */
export interface LabServer {
  readonly id: string;
  readonly estado: 'parado' | 'entrando' | 'atendendo';
  readonly isolado: boolean;
  readonly relogio_ms: number;
  readonly perda_por_mil: number;
  readonly porta: number;
  readonly painel: string;
}

export type LabEngine = 'frota' | 'consenso' | 'lider';

export interface Situation {
  readonly motor: LabEngine;
  readonly servidores: readonly LabServer[];
}

export type LabOperation = 'insert' | 'query' | 'remove' | 'history' | 'compare';

/** What can be asked of the laboratory. */
export type LabAction =
  | { readonly acao: 'isola' | 'liga' | 'mata' | 'inicia'; readonly servidor: string }
  | { readonly acao: 'relogio'; readonly servidor: string; readonly ms: number }
  | { readonly acao: 'perde'; readonly servidor: string; readonly por_mil: number }
  | {
      readonly acao: 'chama';
      readonly servidor: string;
      readonly cliente: string;
      readonly operacao: LabOperation;
      readonly chave: string;
      readonly valor?: string;
      readonly versao?: number;
      readonly sessao?: true;
      readonly confirma?: number;
    }
  | { readonly acao: 'marca'; readonly texto: string }
  | { readonly acao: 'motor'; readonly motor: LabEngine }
  | { readonly acao: 'recomeca' };

/** A refusal of the laboratory, with its stable code and a text for people. */
export class LabRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

/** The command that starts such a laboratory, where this page comes from one; nobody needs a session to know it. */
export async function laboratoryCommand(): Promise<string> {
  const response = await fetch('/v1/comando', { signal: AbortSignal.timeout(labPageLimits.actionMs) });
  return ((await accepted(response).then((one) => one.json())) as { comando: string }).comando;
}

/** The laboratory behind this page. What lets it in outlives the page by a reload at most, in the same tab. */
export class LabClient {
  /** @param session whether it is good is known once something is asked */
  constructor(readonly session: string) {}

  /**
   * Uses up a one-time token.
   * @throws LabRefusal 401 where it was used before
   */
  static async enter(token: string): Promise<LabClient> {
    const response = await fetch('/v1/sessao', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      signal: AbortSignal.timeout(labPageLimits.actionMs),
    });
    const { sessao } = (await accepted(response).then((one) => one.json())) as { sessao: string };
    return new LabClient(sessao);
  }

  async situation(): Promise<Situation> {
    return (await (await this.ask('/v1/situacao')).json()) as Situation;
  }

  async act(action: LabAction): Promise<unknown> {
    const response = await this.ask('/v1/acao', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(action),
    });
    return response.status === 204 ? {} : response.json();
  }

  /** The whole recording, as a file with its name. */
  async recording(): Promise<{ readonly name: string; readonly content: Blob }> {
    const response = await this.ask('/v1/gravacao');
    const name = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
    return { name: name ?? 'laboratorio.jsonl', content: await response.blob() };
  }

  /**
   * Reads the lines of the recording until the stream ends or is given up.
   * @param since number of the first event that is wanted, from 1; the header comes first all the same
   */
  async follow(since: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal.addEventListener('abort', end, { once: true });
    let silence = setTimeout(end, labPageLimits.silenceMs);
    try {
      const headers = { authorization: `Bearer ${this.session}` };
      const response = await accepted(
        await fetch(`/v1/eventos?desde=${since}`, { headers, signal: ended.signal }),
      );
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const lines = new LineSplitter(onLine);
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(end, labPageLimits.silenceMs);
        lines.take(value);
      }
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', end);
      // A line that cannot be read ends it too, and nobody reads on.
      end();
    }
  }

  private async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.session}` };
    return accepted(
      await fetch(path, { ...init, headers, signal: AbortSignal.timeout(labPageLimits.actionMs) }),
    );
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  let problem: { codigo?: unknown; detail?: unknown; title?: unknown } = {};
  try {
    problem = (await response.json()) as typeof problem;
  } catch {
    // Not of the laboratory: the status says all there is.
  }
  const text = [problem.detail, problem.title].find((one) => typeof one === 'string');
  throw new LabRefusal(
    response.status,
    typeof problem.codigo === 'string' ? problem.codigo : `HTTP ${response.status}`,
    text ?? response.statusText,
  );
}
