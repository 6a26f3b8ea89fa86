import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { KvsError } from '../core/errors.js';
import type { RecordedHost } from '../laboratory/recording.js';
import type { ProcessGuard } from './process-guard.js';
import { freePorts } from './free-ports.js';
import { supervisorLimits } from './limits.js';
import { BrokerObserver } from './observer.js';
import type { ServerPlace, ServerProcess } from './server-process.js';
import { isOpen, ServerGroup } from './server-group.js';
import type { GroupListener } from './server-group.js';

export interface FleetGroupListener extends GroupListener {
  onRelayed(topic: string, payload: Buffer): void;
  onListening(isListening: boolean): void;
}

interface FleetSettings {
  /** Of the servers and the broker. */
  readonly ports: readonly number[];
  readonly brokerPort: number;
  readonly fleet: string;
  /** An own Mosquitto instead of the broker within a server. */
  readonly mosquitto: boolean;
  readonly guard: ProcessGuard;
}

/** A fleet: servers without a leader, which talk over a broker. */
export class FleetGroup extends ServerGroup {
  readonly engine = 'frota';
  readonly hosts: readonly RecordedHost[];
  private observer: BrokerObserver | undefined;
  private broker: ChildProcess | undefined;

  private constructor(
    private readonly settings: FleetSettings,
    places: readonly ServerPlace[],
    private readonly fleetListener: FleetGroupListener,
    onLog: (name: string, line: string) => void,
  ) {
    super(places, fleetListener, onLog);
    const name = settings.mosquitto ? 'broker (Mosquitto)' : 'broker (embutido)';
    this.hosts = [
      ...places.map(serverHost),
      { id: 'broker', kind: 'broker', name, address: `127.0.0.1:${settings.brokerPort}` },
    ];
  }

  static async make(
    count: number,
    guard: ProcessGuard,
    mosquitto: boolean,
    listener: FleetGroupListener,
    onLog: (name: string, line: string) => void,
  ): Promise<FleetGroup> {
    const [brokerPort = 0, ...ports] = await freePorts(count + 1);
    // Others on this machine may run a laboratory too.
    const fleet = `laboratorio-${randomBytes(3).toString('hex')}`;
    const broker = mosquitto
      ? ['--broker', `mqtt://127.0.0.1:${brokerPort}`]
      : ['--broker-local', `127.0.0.1:${brokerPort}`];
    const places = ports.map((port, at) => {
      const name = `n${at + 1}`;
      return { name, port, words: [String(port), '--nome', name, '--frota', fleet, ...broker] };
    });
    return new FleetGroup({ ports, brokerPort, fleet, mosquitto, guard }, places, listener, onLog);
  }

  get fleet(): string {
    return this.settings.fleet;
  }

  protected async prepare(): Promise<void> {
    const { brokerPort, fleet, mosquitto } = this.settings;
    if (mosquitto) await this.startMosquitto();
    this.observer = new BrokerObserver({
      ...{ url: `mqtt://127.0.0.1:${brokerPort}`, fleet },
      onMessage: (topic, payload) => {
        this.fleetListener.onRelayed(topic, payload);
      },
      onListening: (isListening) => {
        this.fleetListener.onListening(isListening);
      },
    });
  }

  /** So that it is the first server in which the broker is. */
  protected async letBegin(server: ServerProcess): Promise<void> {
    const { brokerPort, mosquitto } = this.settings;
    if (mosquitto || server !== this.servers[0]) return;
    while (server.isRunning && !(await isOpen(brokerPort))) await pause(supervisorLimits.retryMs);
  }

  protected async clear(): Promise<void> {
    await this.observer?.stop();
    this.broker?.kill('SIGKILL');
  }

  override killAll(): void {
    super.killAll();
    this.broker?.kill('SIGKILL');
  }

  private async startMosquitto(): Promise<void> {
    const { brokerPort, guard } = this.settings;
    const file = join(guard.folder, 'mosquitto.conf');
    await writeFile(file, `listener ${brokerPort} 127.0.0.1\n${MOSQUITTO}`);
    // Started by root, it gives its rights up before it reads the file again.
    await chmod(guard.folder, 0o711);
    let problem: string | undefined;
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;
    const child = spawn('mosquitto', ['-c', file], {
      ...{ stdio: 'ignore', detached: true, env: { ...process.env, PATH: path } },
    });
    child.once('error', () => {
      problem = 'falta o Mosquitto. Debian e Ubuntu: sudo apt-get install mosquitto';
    });
    child.once('exit', (code) => {
      problem ??= `o Mosquitto terminou (código ${code ?? ''})`;
    });
    this.broker = child;
    guard.watch(child);
    while (!this.isEnding && !(await isOpen(brokerPort))) {
      if (problem !== undefined) throw new KvsError('CONFIGURACAO', problem);
      await pause(supervisorLimits.retryMs);
    }
  }
}

/** As deploy/mosquitto/mosquitto.conf has it, without its log. */
const MOSQUITTO = `allow_anonymous true
set_tcp_nodelay true
message_size_limit 1048576
max_inflight_messages 1000
max_queued_messages 50000
max_queued_bytes 67108864
persistence false
`;

function serverHost({ name, port }: ServerPlace): RecordedHost {
  return { id: name, kind: 'server', name, address: `127.0.0.1:${port}` };
}
