import { KvsError } from '../core/errors.js';
import type { PlainEvent, Unnumbered } from '../laboratory/observation.js';
import type {
  CallAnswered,
  HostChange,
  RecordedEngine,
  RecordedEvent,
  RecordedHost,
} from '../laboratory/recording.js';
import { Weaver } from '../laboratory/weaver.js';
import { programVersion } from '../files/program-version.js';
import type { CallAction, LaboratoryAction } from './action.js';
import { LaboratoryClients } from './calls.js';
import type { TraceLine } from './faults.js';
import { Listenings } from './listenings.js';
import { supervisorLimits } from './limits.js';
import type { Picture } from './picture.js';
import { Recorder } from './recorder.js';
import { Sightings } from './sightings.js';
import { refused } from './server-group.js';
import type { ServerGroup, ServerSituation } from './server-group.js';
import type { FleetGroupListener } from './fleet-group.js';

/** Clients that have a line of life; calls name one of them. */
const CLIENTS: readonly RecordedHost[] = ['c1', 'c2', 'c3'].map((id) => ({
  ...{ id, kind: 'client', name: `cliente ${id}`, address: '' },
}));

/** Makes the servers of an engine, which tell the listener what happens. */
export type MakeGroup = (listener: FleetGroupListener) => Promise<ServerGroup>;

/** One run: servers, what is done to them, and its recording. */
export class LaboratoryRun implements FleetGroupListener {
  readonly recorder: Recorder;
  private readonly weaver: Weaver;
  private readonly sightings: Sightings;
  private readonly listenings = new Listenings();
  private readonly answers = new Map<string, (event: RecordedEvent) => void>();
  private readonly states = new Map<string, string>();
  private readonly weaving: NodeJS.Timeout;
  private leader = '';
  /** The server within which the broker runs. */
  private brokerHost = '';
  private calls = 0;
  private stopped: Promise<void> | undefined;
  /** Nothing is recorded any more. */
  private isOver = false;

  private constructor(
    private readonly group: ServerGroup,
    file: string,
    onTrouble: (problem: string) => void,
    private readonly clients: Pick<LaboratoryClients, 'call'>,
  ) {
    const hosts = [...group.hosts, ...CLIENTS];
    this.recorder = new Recorder({ engine: group.engine, program: programVersion(), hosts }, file, onTrouble);
    this.sightings = new Sightings(hosts, group.addresses);
    this.weaver = new Weaver({
      broker: hosts.find(({ kind }) => kind === 'broker')?.id,
      servers: new Set(hosts.filter(({ kind }) => kind === 'server').map(({ id }) => id)),
      silent: new Set(hosts.filter(({ kind }) => kind === 'replica').map(({ id }) => id)),
      isListening: (t) => this.listenings.includes(t),
      senderOf: (message) => this.sightings.senderOf(message),
    });
    this.weaving = setInterval(() => {
      this.tell(this.weaver.weave(performance.now()));
    }, supervisorLimits.weaveMs);
  }

  /** Starts the servers of a run; they serve a little later. */
  static async start(
    make: MakeGroup,
    file: string,
    onTrouble: (problem: string) => void,
    clients: Pick<LaboratoryClients, 'call'> = new LaboratoryClients(),
  ): Promise<{ readonly run: LaboratoryRun; readonly serving: Promise<void> }> {
    // The group tells nothing before it is started.
    const holder: { run?: LaboratoryRun } = {};
    const group = await make(listenerOf(() => holder.run));
    const run = (holder.run = new LaboratoryRun(group, file, onTrouble, clients));
    return { run, serving: group.start() };
  }

  get engine(): RecordedEngine {
    return this.group.engine;
  }

  get isEnding(): boolean {
    return this.stopped !== undefined;
  }

  situation(): ServerSituation[] {
    return this.group.situation();
  }

  /** @throws KvsError if it is refused */
  async act(action: Exclude<LaboratoryAction, { acao: 'motor' | 'recomeca' }>): Promise<object> {
    switch (action.acao) {
      case 'isola':
        await this.group.isolate(action.servidor);
        return {};
      case 'liga':
        await this.group.connect(action.servidor);
        return {};
      case 'mata':
        await this.group.kill(action.servidor);
        return {};
      case 'inicia':
        await this.group.restart(action.servidor);
        return {};
      case 'relogio':
        await this.group.shiftClock(action.servidor, action.ms);
        return {};
      case 'perde':
        await this.group.lose(action.servidor, action.por_mil);
        return {};
      case 'marca':
        this.add({ kind: 'mark', ...this.here(), text: action.texto });
        return {};
      case 'chama':
        return this.call(action);
    }
  }

  /** Ends the servers and the recording; further calls wait for the same end. */
  stop(): Promise<void> {
    return (this.stopped ??= this.end());
  }

  private async end(): Promise<void> {
    await this.group.stop();
    clearInterval(this.weaving);
    this.tell(this.weaver.finish());
    this.recorder.close();
    this.isOver = true;
  }

  /** Kills everything at once. */
  killAll(): void {
    this.group.killAll();
  }

  onChange(host: string, change: HostChange, amount?: number): void {
    const { now: t } = this.recorder;
    this.add({ kind: 'host', t, host, change, ...(amount !== undefined && { amount }) });
  }

  onTrace(host: string, line: TraceLine): void {
    const step = this.sightings.traced(host, this.recorder.at(line.atUs), line);
    if (step !== undefined) this.weaver.take(step, performance.now());
  }

  onTraceLost(host: string, why: string): void {
    const text = `a partir daqui faltam as mensagens de ${host}: ${why}`;
    this.add({ kind: 'mark', t: this.recorder.now, host, text });
  }

  onTraceGap(host: string): void {
    const text = `antes daqui faltam mensagens de ${host}: o seu rastro se rompeu, ou não foi lido a tempo, e começou de novo`;
    this.add({ kind: 'mark', t: this.recorder.now, host, text });
  }

  onOrigin(host: string, origin: string): void {
    this.sightings.noteOrigin(host, origin);
  }

  onPicture(host: string, { leader, isBroker, ...state }: Picture): void {
    const { now: t } = this.recorder;
    const leading = leader === '' ? undefined : this.sightings.hostAt(leader);
    if (leading !== undefined && leading !== this.leader) {
      this.leader = leading;
      this.add({ kind: 'host', t, host: leading, change: 'leads' });
    }
    if (isBroker && host !== this.brokerHost) {
      this.brokerHost = host;
      this.add({ kind: 'host', t, host, change: 'hosts' });
    }
    const text = JSON.stringify(state);
    if (this.states.get(host) === text) return;
    this.states.set(host, text);
    this.add({ kind: 'state', t, host, ...state });
  }

  onRelayed(topic: string, payload: Buffer): void {
    const { now: t } = this.recorder;
    const message = this.sightings.relayed(topic, payload);
    this.weaver.take({ kind: 'relayed', t, message }, performance.now());
  }

  onListening(isListening: boolean): void {
    const { now: t } = this.recorder;
    this.listenings.note(isListening, t);
    this.add({ kind: 'host', t, host: 'broker', change: isListening ? 'serving' : 'ended' });
  }

  /** Makes a call; its answer is what is recorded of it. */
  private async call(action: CallAction): Promise<object> {
    const { servidor: host, cliente: client, operacao, chave: key, valor, versao, sessao, confirma } = action;
    if (!CLIENTS.some(({ id }) => id === client)) {
      const names = CLIENTS.map(({ id }) => id).join(', ');
      throw new KvsError('PEDIDO_INVALIDO', `não há cliente "${client}"; há ${names}`);
    }
    const port = this.group.portOf(host);
    const call = `ch${++this.calls}`;
    this.add({
      ...{ kind: 'call', t: this.recorder.now, host, call, client, operation: operacao, key },
      ...(valor !== undefined && { value: valor }),
      ...(versao !== undefined && { version: versao }),
      ...(sessao === true && { isSession: true }),
      ...(confirma !== undefined && confirma > 0 && { confirm: confirma }),
    });
    const recorded = new Promise<RecordedEvent>((resolve) => this.answers.set(call, resolve));
    const answer = await this.clients.call(port, action);
    if (this.isOver) {
      this.answers.delete(call);
      throw refused('a gravação terminou antes da resposta');
    }
    this.add({ kind: 'answer', t: this.recorder.now, host, call, ...answer });
    return recorded;
  }

  /** Where and when a mark is. */
  private here(): Pick<CallAnswered, 't' | 'host'> {
    return { t: this.recorder.now, host: this.group.hosts[0]?.id ?? '' };
  }

  private add(event: Unnumbered<PlainEvent>): void {
    this.weaver.take({ kind: 'plain', event }, performance.now());
  }

  private tell(events: readonly RecordedEvent[]): void {
    this.recorder.add(events);
    for (const event of events) {
      if (event.kind !== 'answer') continue;
      this.answers.get(event.call)?.(event);
      this.answers.delete(event.call);
    }
  }
}

function listenerOf(run: () => LaboratoryRun | undefined): FleetGroupListener {
  return {
    onChange: (host, change, amount) => run()?.onChange(host, change, amount),
    onTrace: (host, line) => run()?.onTrace(host, line),
    onTraceLost: (host, why) => run()?.onTraceLost(host, why),
    onTraceGap: (host) => run()?.onTraceGap(host),
    onOrigin: (host, origin) => run()?.onOrigin(host, origin),
    onPicture: (host, picture) => run()?.onPicture(host, picture),
    onRelayed: (topic, payload) => run()?.onRelayed(topic, payload),
    onListening: (isListening) => run()?.onListening(isListening),
  };
}
