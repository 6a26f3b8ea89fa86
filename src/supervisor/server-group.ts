import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { KvsError } from '../core/errors.js';
import type { HostChange, RecordedEngine, RecordedHost } from '../laboratory/recording.js';
import { FaultDoor } from './faults.js';
import type { TraceLine } from './faults.js';
import { supervisorLimits } from './limits.js';
import { followPictures } from './picture.js';
import type { Picture } from './picture.js';
import { ServerProcess } from './server-process.js';
import type { ServerPlace } from './server-process.js';

/** What a group tells of its servers. */
export interface GroupListener {
  onChange(host: string, change: HostChange, amount?: number): void;
  onTrace(host: string, line: TraceLine): void;
  /** The messages of this server can be told no more, for this reason. */
  onTraceLost(host: string, why: string): void;
  /** Some of the messages of this server were not told: the trace was broken off, and has begun anew. */
  onTraceGap(host: string): void;
  onOrigin(host: string, origin: string): void;
  onPicture(host: string, picture: Picture): void;
}

/** How a server of a group is, in the words of the API. */
export interface ServerSituation {
  readonly id: string;
  readonly estado: 'parado' | 'entrando' | 'atendendo';
  readonly isolado: boolean;
  readonly relogio_ms: number;
  readonly perda_por_mil: number;
  readonly porta: number;
  readonly painel: string;
}

/** The faults of one server, which end with its process. */
interface Condition {
  isIsolated: boolean;
  clockMs: number;
  perMille: number;
  /** Ends what was begun for this life of the server. */
  end: () => void;
  door: FaultDoor | undefined;
  /** Once its messages are read, or never will be. */
  readonly traced: Promise<void>;
  readonly noteTraced: () => void;
  reconnection: NodeJS.Timeout | undefined;
}

/** Servers of one engine, started for a run, with their faults. */
export abstract class ServerGroup {
  abstract readonly engine: RecordedEngine;
  abstract readonly hosts: readonly RecordedHost[];
  protected readonly servers: ServerProcess[];
  private readonly conditions = new Map<string, Condition>();
  private killed = new Set<string>();
  protected isEnding = false;
  /** Once nothing more is started. */
  private begun: Promise<void> = Promise.resolve();
  /** Whether all servers were started once. */
  private hasBegun = false;

  protected constructor(
    places: readonly ServerPlace[],
    protected readonly listener: GroupListener,
    private readonly onLog: (name: string, line: string) => void,
  ) {
    this.servers = places.map((place) => this.serverAt(place));
  }

  /** Starts what servers need, and them. @returns once all serve, or one has ended, or the group is ending */
  async start(): Promise<void> {
    const all: Promise<void>[] = [];
    this.begun = this.begin(all);
    await this.begun;
    await Promise.all(all);
  }

  /** @param all receives, of each server, when it serves or has ended */
  private async begin(all: Promise<void>[]): Promise<void> {
    await this.prepare();
    for (const server of this.servers) {
      if (this.isEnding) return;
      all.push(this.startServer(server));
      await this.letBegin(server);
    }
    this.hasBegun = true;
  }

  /** Hosts by other addresses of theirs, by which servers call each other. */
  get addresses(): ReadonlyMap<string, string> {
    return new Map();
  }

  situation(): ServerSituation[] {
    return this.servers.map(({ place: { name, port }, condition }) => {
      const { isIsolated = false, clockMs = 0, perMille = 0 } = this.conditions.get(name) ?? {};
      return {
        ...{ id: name, estado: condition, isolado: isIsolated, relogio_ms: clockMs },
        ...{ perda_por_mil: perMille, porta: port, painel: `http://127.0.0.1:${port}/` },
      };
    });
  }

  /** @throws KvsError */
  portOf(id: string): number {
    return this.named(id).place.port;
  }

  async isolate(id: string): Promise<void> {
    const { door, condition } = this.doorOf(id);
    const endsMs = await door.isolate();
    // It may have ended meanwhile, and its isolation with it.
    if (this.conditions.get(id) !== condition) throw refused(`${id} está parado: inicie-o antes`);
    const forMs = Math.max(0, endsMs - Date.now());
    condition.isIsolated = true;
    clearTimeout(condition.reconnection);
    condition.reconnection = setTimeout(() => {
      this.noteConnected(id, condition);
    }, forMs);
    this.listener.onChange(id, 'isolated', Math.round(forMs));
  }

  async connect(id: string): Promise<void> {
    const { door, condition } = this.doorOf(id);
    await door.connect();
    this.noteConnected(id, condition);
  }

  async shiftClock(id: string, ms: number): Promise<void> {
    const { door, condition } = this.doorOf(id);
    await door.shiftClock(ms);
    condition.clockMs = ms;
    this.listener.onChange(id, 'clock', ms);
  }

  async lose(id: string, perMille: number): Promise<void> {
    const { door, condition } = this.doorOf(id);
    await door.lose(perMille);
    condition.perMille = perMille;
    this.listener.onChange(id, 'loss', perMille / 1_000);
  }

  async kill(id: string): Promise<void> {
    const server = this.named(id);
    this.assertRunning(server);
    this.killed.add(id);
    await server.end('SIGKILL');
  }

  /** @returns once it serves, or has ended, or has waited for others for a while */
  async restart(id: string): Promise<void> {
    const server = this.named(id);
    this.assertStartable(server);
    // A server that waits for a majority may never serve.
    const patience = new AbortController();
    const late = pause(supervisorLimits.restartMs, undefined, patience).catch(() => undefined);
    await Promise.race([this.startServer(server), late]);
    patience.abort();
  }

  /** Ends everything, by force what does not end by itself in time. */
  async stop(): Promise<void> {
    this.isEnding = true;
    const forced = setTimeout(() => {
      this.killAll();
    }, supervisorLimits.endMs);
    const end = (): Promise<unknown> => Promise.all(this.servers.map((server) => server.end('SIGTERM')));
    await end();
    // One more may have been started meanwhile.
    await this.begun.catch(() => undefined);
    await end();
    clearTimeout(forced);
    await this.clear();
  }

  /** Kills everything at once. */
  killAll(): void {
    for (const server of this.servers) void server.end('SIGKILL');
  }

  /** Waits, before the next server is started, for what the others need of this one. */
  protected abstract letBegin(server: ServerProcess): Promise<void>;

  /** Starts what servers need. */
  protected abstract prepare(): Promise<void>;
  /** Ends that again. */
  protected abstract clear(): Promise<void>;

  /** @throws KvsError CONFLITO */
  protected assertRunning({ isRunning, place: { name } }: ServerProcess): void {
    if (!isRunning) throw refused(`${name} está parado`);
  }

  /** @throws KvsError CONFLITO */
  protected assertStartable({ isRunning, place: { name } }: ServerProcess): void {
    if (isRunning) throw refused(`${name} já está no ar`);
    if (this.isEnding) throw refused('os servidores estão terminando');
    // It is about to be started: a second process of it would be out of reach.
    if (!this.hasBegun) throw refused('os servidores ainda estão sendo iniciados: espere');
  }

  protected named(id: string): ServerProcess {
    const found = this.servers.find(({ place }) => place.name === id);
    if (found !== undefined) return found;
    const names = this.servers.map(({ place }) => place.name).join(', ');
    throw new KvsError('PEDIDO_INVALIDO', `não há servidor "${id}"; há ${names}`);
  }

  private readonly waiting = new Map<string, () => void>();

  private async startServer(server: ServerProcess): Promise<void> {
    const { name } = server.place;
    const isOver = new Promise<void>((resolve) => this.waiting.set(name, resolve));
    this.killed.delete(name);
    this.listener.onChange(name, 'started');
    server.start();
    const { traced } = this.beginLife(server);
    await isOver;
    // Whoever acts from here on sees in its messages what comes of it.
    const late = new AbortController();
    const { callMs } = supervisorLimits;
    await Promise.race([traced, pause(callMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  private serverAt(place: ServerPlace): ServerProcess {
    const { name } = place;
    return new ServerProcess(place, {
      onLog: (line) => {
        this.onLog(name, line);
      },
      onReady: () => {
        this.listener.onChange(name, 'serving');
        this.waiting.get(name)?.();
      },
      onEnd: () => {
        this.endLife(name);
        this.listener.onChange(name, this.killed.has(name) ? 'killed' : 'ended');
        this.waiting.get(name)?.();
      },
    });
  }

  /** Reads what the server tells for as long as it lives. */
  private beginLife({ place: { name, port } }: ServerProcess): Condition {
    const controller = new AbortController();
    const { signal } = controller;
    let noteTraced = (): void => undefined;
    const traced = new Promise<void>((resolve) => (noteTraced = resolve));
    const condition: Condition = {
      ...{ isIsolated: false, clockMs: 0, perMille: 0, door: undefined, reconnection: undefined },
      ...{ traced, noteTraced },
      end: () => {
        controller.abort();
        noteTraced();
      },
    };
    this.conditions.set(name, condition);
    void this.follow(name, port, condition, signal).catch((error: unknown) => {
      if (!signal.aborted && !this.isEnding) this.listener.onTraceLost(name, KvsError.from(error).message);
      noteTraced();
    });
    return condition;
  }

  private async follow(name: string, port: number, condition: Condition, signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => this.conditions.get(name) !== condition;
    while (!(await isOpen(port))) {
      if (isOver()) return;
      await pause(supervisorLimits.retryMs);
    }
    const door = await FaultDoor.open(port);
    if (isOver()) {
      door.close();
      return;
    }
    condition.door = door;
    const endPictures = followPictures(port, {
      onOrigin: (origin) => {
        this.listener.onOrigin(name, origin);
      },
      onPicture: (picture) => {
        this.listener.onPicture(name, picture);
      },
    });
    signal.addEventListener('abort', endPictures);
    const onGap = (): void => {
      if (!this.isEnding) this.listener.onTraceGap(name);
    };
    for await (const line of door.trace(signal, onGap)) {
      condition.noteTraced();
      this.listener.onTrace(name, line);
    }
  }

  private endLife(name: string): void {
    const condition = this.conditions.get(name);
    if (condition === undefined) return;
    clearTimeout(condition.reconnection);
    condition.end();
    condition.door?.close();
    this.conditions.delete(name);
  }

  private noteConnected(id: string, condition: Condition): void {
    clearTimeout(condition.reconnection);
    if (!condition.isIsolated) return;
    condition.isIsolated = false;
    this.listener.onChange(id, 'connected');
  }

  private doorOf(id: string): { readonly door: FaultDoor; readonly condition: Condition } {
    const server = this.named(id);
    const condition = this.conditions.get(id);
    if (!server.isRunning || condition === undefined) throw refused(`${id} está parado: inicie-o antes`);
    if (condition.door === undefined) throw refused(`${id} ainda está entrando`);
    return { door: condition.door, condition };
  }
}

/** It cannot be done as things are. */
export function refused(message: string): KvsError {
  return new KvsError('CONFLITO', message);
}

/** Whether somebody listens at a port of this machine. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
