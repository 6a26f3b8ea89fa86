import { describe, expect } from 'vitest';
import { eventually } from './eventually.js';
import { FleetObserver } from './e2e-observer.js';
import { readerWith } from './fleet-keys.js';
import type { Scope } from './e2e-observer.js';
import { mosquittoAvailable, startMosquitto } from './mosquitto.js';
import { freePort } from './net.js';
import { ServerProcess } from './server-process.js';

const PATIENCE_MS = 90_000;

/** A broker for a fleet under test, whoever runs it. */
export interface FleetBroker {
  readonly url: string;
  /** Options that make a server use it. */
  readonly args: readonly string[];
  stop(): Promise<void>;
}

async function embedded(): Promise<FleetBroker> {
  const port = await freePort();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    args: ['--broker-local', `127.0.0.1:${port}`],
    // It lives in one of the servers.
    stop: () => Promise.resolve(),
  };
}

async function mosquitto(): Promise<FleetBroker> {
  const broker = await startMosquitto();
  return { url: broker.url, args: ['--broker', broker.url], stop: () => broker.stop() };
}

/**
 * The same tests on the embedded broker and on a real Mosquitto at its defaults.
 * @param atOnce on both at the same time, on each one after the other: for tests that wait most of the time
 */
export function onEveryBroker(
  name: string,
  tests: (openBroker: () => Promise<FleetBroker>, kind: 'embedded' | 'mosquitto') => void,
  atOnce = false,
): void {
  const broker = { concurrent: atOnce };
  const test = { concurrent: false };
  describe(name, broker, () => {
    describe('embedded broker', test, () => tests(embedded, 'embedded'));
  });
  describe.skipIf(!mosquittoAvailable())(name, broker, () => {
    describe('Mosquitto', test, () => tests(mosquitto, 'mosquitto'));
  });
}

/** Waits for what takes a moment on a quiet machine, with patience for one that is busy. */
export function soon<T>(
  what: string,
  condition: () => T | Promise<T>,
): Promise<NonNullable<Exclude<T, false>>> {
  return eventually(what, condition, PATIENCE_MS);
}

/** Vector and content of a server, as it announces them. */
export interface Agreement {
  readonly digest: string;
  readonly hash: string;
}

/** Real servers on one broker, under a fleet name of their own, and an observer of what they say. */
export class TestFleet {
  readonly servers: ServerProcess[] = [];

  private constructor(
    readonly name: string,
    readonly broker: FleetBroker,
    readonly observer: FleetObserver,
  ) {}

  /** @param keys of a fleet that seals its messages, for the observer */
  static async open(
    broker: FleetBroker,
    scope: Scope = 'presence',
    keys: readonly string[] = [],
  ): Promise<TestFleet> {
    const name = `teste-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
    const read = keys.length === 0 ? undefined : readerWith(name, keys);
    return Promise.resolve(new TestFleet(name, broker, FleetObserver.open(broker.url, name, scope, read)));
  }

  /** Starts one more server, of this program if not of the present one; it may still be joining. */
  async add(args: readonly string[] = this.broker.args, program?: string): Promise<ServerProcess> {
    const server = await ServerProcess.start({ fleet: this.name, args, ...(program && { program }) });
    this.servers.push(server);
    return server;
  }

  /** Starts so many servers at once, and waits until all serve. */
  async addReady(count: number): Promise<ServerProcess[]> {
    const started = await Promise.all(Array.from({ length: count }, () => this.add()));
    await Promise.all(started.map((server) => server.ready()));
    return started;
  }

  get live(): ServerProcess[] {
    return this.servers.filter((server) => server.running && !server.frozen);
  }

  /**
   * Waits until every live server serves and has announced, after this call, the same vector and the same content:
   * then each has all that was acknowledged before this call.
   */
  async converged(deadlineMs = PATIENCE_MS): Promise<Agreement> {
    const sinceMs = Date.now();
    return eventually(
      'every server announces the same vector and content',
      () => this.agreementSince(sinceMs),
      deadlineMs,
    );
  }

  private agreementSince(sinceMs: number): Agreement {
    const said = this.live.map(({ origin, port }) => ({
      port,
      presence: this.observer.presences.get(origin),
    }));
    const table = said.map(({ port, presence }) => `${port}: ${JSON.stringify(presence)}`).join('\n');
    const [first] = said;
    const agree = said.every(
      ({ presence }) =>
        presence !== undefined &&
        presence.relogio > sinceMs &&
        presence.estado === 'servindo' &&
        presence.resumo === first?.presence?.resumo &&
        presence.hash === first.presence.hash,
    );
    if (!agree || !first?.presence) throw new Error(`since ${sinceMs}:\n${table}`);
    return { digest: first.presence.resumo, hash: first.presence.hash };
  }

  /**
   * Ends everything, and holds the servers to what they must never say: an error, an alarm above all.
   * @param provoked beginnings of messages of errors that the test has caused on purpose
   */
  async close(provoked: readonly string[] = []): Promise<void> {
    for (const server of this.servers) if (server.running) await server.kill9();
    await this.observer.close();
    await this.broker.stop();
    const errors = this.servers.flatMap(({ wholeLog }) =>
      wholeLog.filter(
        ({ nivel, mensagem }) => nivel === 'error' && !provoked.some((begin) => mensagem.startsWith(begin)),
      ),
    );
    expect(errors).toEqual([]);
    expect(this.observer.contradictions).toEqual([]);
  }
}
