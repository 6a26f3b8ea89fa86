import { setTimeout as pause } from 'node:timers/promises';
import type {
  CallAnswered,
  RecordedEngine,
  RecordedEvent,
  Recording,
  RecordingHeader,
} from '../../../src/laboratory/recording.js';
import type { CallDetails, RunDriver, RunOperation } from './run-script.js';

/** How long anything in a run may take before the script gives up. */
const PATIENCE_MS = 30_000;

/** A laboratory that runs, driven as its page drives it: by its HTTP API. */
export class LaboratoryDriver implements RunDriver {
  private events: RecordedEvent[] = [];
  private readonly checks = new Set<() => void>();
  private following = new AbortController();
  /** Writes of this run that were acknowledged. */
  private written = 0;

  private constructor(
    private readonly origin: string,
    private readonly session: string,
  ) {}

  /** @param address `http://127.0.0.1:PORT/#TOKEN`, as the terminal prints it */
  static async open(address: string): Promise<LaboratoryDriver> {
    const { origin, hash } = new URL(address);
    const response = await fetch(`${origin}/v1/sessao`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ token: hash.slice(1) }),
    });
    if (!response.ok) throw new Error(`session: ${response.status} ${await response.text()}`);
    const { sessao } = (await response.json()) as { readonly sessao: string };
    const driver = new LaboratoryDriver(origin, sessao);
    driver.follow();
    return driver;
  }

  /** Ends these servers and starts others of this engine; a new recording begins. */
  async begin(engine: RecordedEngine): Promise<void> {
    this.following.abort();
    await this.act({ acao: 'motor', motor: engine });
    this.follow();
    await this.serving(['n1', 'n2', 'n3']);
  }

  async act(body: object): Promise<unknown> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await this.request('/v1/acao', { body: JSON.stringify(body), signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`${JSON.stringify(body)}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  async call(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    { value, version, session, confirm }: CallDetails = {},
  ): Promise<CallAnswered> {
    const answer = (await this.act({
      ...{ acao: 'chama', servidor: server, cliente: client, operacao: operation, chave: key },
      ...(value !== undefined && { valor: value }),
      ...(version !== undefined && { versao: version }),
      ...(session !== undefined && { sessao: session }),
      ...(confirm !== undefined && { confirma: confirm }),
    })) as CallAnswered;
    if (answer.code === 'OK' && (operation === 'insert' || operation === 'compare')) this.written++;
    return answer;
  }

  isolate(server: string): Promise<unknown> {
    return this.act({ acao: 'isola', servidor: server });
  }

  connect(server: string): Promise<unknown> {
    return this.act({ acao: 'liga', servidor: server });
  }

  lose(server: string, perMille: number): Promise<unknown> {
    return this.act({ acao: 'perde', servidor: server, por_mil: perMille });
  }

  clock(server: string, ms: number): Promise<unknown> {
    return this.act({ acao: 'relogio', servidor: server, ms });
  }

  /** Kills it, and waits until the recording says so. */
  async kill(host: string): Promise<void> {
    const from = this.events.length;
    await this.act({ acao: 'mata', servidor: host });
    await this.until(
      (events) =>
        events
          .slice(from)
          .some((event) => event.kind === 'host' && event.host === host && event.change === 'killed'),
      `${host} is killed`,
    );
  }

  /** Starts it again, and waits until it serves. */
  async start(host: string): Promise<void> {
    const from = this.events.length;
    await this.act({ acao: 'inicia', servidor: host });
    await this.until(
      (events) =>
        events
          .slice(from)
          .some((event) => event.kind === 'host' && event.host === host && event.change === 'serving'),
      `${host} serves`,
    );
  }

  /** Waits until all these servers were seen to hold the same, and every write that was acknowledged until now. */
  agreed(servers: readonly string[] = ['n1', 'n2', 'n3']): Promise<void> {
    return this.until((events) => {
      const states = servers.map((server) =>
        events.findLast((event) => event.kind === 'state' && event.host === server),
      );
      const held = states.map((state) => (state?.kind === 'state' ? state : undefined));
      const isSame = new Set(held.map((state) => state?.storeHash)).size === 1;
      return isSame && held.every((state) => (state?.versions ?? 0) >= this.written);
    }, `servers agree on ${this.written} versions`);
  }

  /** Asks until the answer is as wanted; every time it asks is recorded, as a person's would be. */
  async ask(
    client: string,
    server: string,
    operation: RunOperation,
    key: string,
    isWanted: (answer: CallAnswered) => boolean,
    details: CallDetails = {},
  ): Promise<CallAnswered> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.call(client, server, operation, key, details);
      if (isWanted(answer)) return answer;
      if (Date.now() > deadline)
        throw new Error(`${operation} ${key} at ${server}: ${JSON.stringify(answer)}`);
      await pause(250);
    }
  }

  async until(isSo: (events: readonly RecordedEvent[]) => boolean, what: string): Promise<void> {
    if (isSo(this.events)) return;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!isSo(this.events)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`gave up: ${what}`));
      }, PATIENCE_MS);
      const end = (): void => {
        clearTimeout(timer);
        this.checks.delete(check);
      };
      this.checks.add(check);
    });
  }

  /** The whole recording until now, as the page saves it. */
  async recording(): Promise<Recording> {
    const text = await (await this.request('/v1/gravacao')).text();
    const [header, ...events] = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
    return { header: header as RecordingHeader, events: events as RecordedEvent[] };
  }

  close(): void {
    this.following.abort();
  }

  private serving(servers: readonly string[]): Promise<void> {
    return this.until(
      (events) =>
        servers.every((server) =>
          events.some(
            (event) => event.kind === 'host' && event.host === server && event.change === 'serving',
          ),
        ),
      'all serve',
    );
  }

  private follow(): void {
    this.events = [];
    this.written = 0;
    this.following = new AbortController();
    const { signal } = this.following;
    void this.read(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  private async read(signal: AbortSignal): Promise<void> {
    const response = await this.request('/v1/eventos', { signal });
    const decoder = new TextDecoder();
    let rest = '';
    if (response.body === null) throw new Error('no events');
    for await (const piece of response.body) {
      rest += decoder.decode(piece as Uint8Array, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.take(line);
      for (const check of [...this.checks]) check();
    }
  }

  private take(line: string): void {
    if (line === '') return;
    const event = JSON.parse(line) as { readonly kind: string };
    if (event.kind !== 'recording' && event.kind !== 'alive') this.events.push(event as RecordedEvent);
  }

  private request(
    path: string,
    { body, signal }: { body?: string; signal?: AbortSignal } = {},
  ): Promise<Response> {
    return fetch(`${this.origin}${path}`, {
      headers: {
        ...{ origin: this.origin, authorization: `Bearer ${this.session}` },
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body }),
      ...(signal !== undefined && { signal }),
    });
  }
}
