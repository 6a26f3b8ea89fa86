import { describe, expect, it } from 'vitest';
import { admitAll, admitKnown } from '../../src/call/admission.js';
import { soleServerLimits } from '../../src/call/limits.js';
import { CallCounts } from '../../src/call/observe.js';
import { limits } from '../../src/core/limits.js';
import { portalLimits } from '../../src/portal/limits.js';
import { changeOfRemoval, changeOfValue, EXCESS_TOPIC } from '../../src/portal/changes.js';
import { Gateway } from '../../src/portal/gateway.js';
import { PortalApplication } from '../../src/portal/portal.js';
import type { AccessControl } from '../../src/ports/access.js';
import type { OutgoingMessage, Topics, TopicsListener } from '../../src/ports/topics.js';
import { accessControl } from '../../src/security/access/control.js';
import { ManualTime } from '../engines/fleet/bus/manual-time.js';
import { TableStand } from '../security/access/support.js';
import { RecordingLogger } from '../support/doors.js';
import { outcomesOf } from '../support/memory-call.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realRandom } from '../support/real-time.js';

const CREATE = 'portal/admin/aluno/create';
const DELETE = 'portal/admin/aluno/delete';

/** A broker within the test: everybody hears everything, in order, when the test says so. */
class Broker {
  readonly published: string[] = [];
  private readonly listeners = new Set<{ listener: TopicsListener; topics: { connected: boolean } }>();
  private queue: { topic: string; payload: string }[] = [];
  refuses = false;

  topics(): Topics & { connected: boolean; up(): void; down(): void } {
    let entry: { listener: TopicsListener; topics: { connected: boolean } } | undefined;
    const topics = {
      connected: false,
      protocol: 4 as const,
      start: (listener: TopicsListener): void => {
        entry = { listener, topics };
        this.listeners.add(entry);
      },
      publish: ({ topic, payload }: OutgoingMessage, settled: (taken: boolean) => void): void => {
        const taken = topics.connected && !this.refuses;
        if (taken) this.send(topic, payload.toString());
        setImmediate(() => {
          settled(taken);
        });
      },
      stop: () => Promise.resolve(),
      up: (): void => {
        topics.connected = true;
        entry?.listener.onConnected();
      },
      down: (): void => {
        topics.connected = false;
        entry?.listener.onDisconnected();
      },
    };
    return topics;
  }

  /** Takes a message; it arrives with {@link deliver}. */
  send(topic: string, payload: string): void {
    this.published.push(`${topic} ${payload}`);
    this.queue.push({ topic, payload });
  }

  deliver(retained = false): void {
    for (const { topic, payload } of this.queue.splice(0)) {
      for (const { listener, topics } of this.listeners) {
        if (topics.connected) listener.onMessage({ topic, payload: Buffer.from(payload), retained });
      }
    }
  }
}

/** Portal servers over one store: each sees every change at once. */
class Group {
  readonly time = new ManualTime();
  readonly broker = new Broker();
  readonly engine = new MemoryEngine();
  readonly servers: Server[] = [];
  readonly counts = new CallCounts(new RecordingLogger());
  /** Whether each server has seen what the others have done. */
  upToDate = true;

  /** @param access closes the topics of every server; by default they are open */
  constructor(
    count: number,
    readonly access?: AccessControl,
  ) {
    for (let i = 0; i < count; i++) this.servers.push(new Server(this, i));
    for (const server of this.servers) server.topics.up();
    this.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
  }

  /** Lets time pass, in steps as servers look. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= soleServerLimits.roleMs)
      this.time.advance(Math.min(left, soleServerLimits.roleMs));
  }

  /** What goes on in promises. */
  async rest(): Promise<void> {
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  changed(key: string, value: string | undefined): void {
    const change = value === undefined ? changeOfRemoval(key) : changeOfValue(key, value);
    if (change !== undefined)
      for (const { gateway, alive } of this.servers) if (alive) gateway.onChange(change);
  }

  names(): string[] {
    return [...this.engine.scan({ kind: 'range', from: 'portal/aluno/', to: 'portal/aluno0' })].map(
      ({ key }) => key.slice(13),
    );
  }
}

class Server {
  alive = true;
  readonly topics;
  readonly logger = new RecordingLogger();
  readonly gateway: Gateway;
  readonly portal: PortalApplication;

  constructor(group: Group, index: number) {
    const { time, engine } = group;
    this.topics = group.broker.topics();
    this.portal = new PortalApplication({ engine, origin: String(index), time, random: realRandom });
    this.portal.onAccepted = ({ base, action, fields }) => {
      const [id = '', nome = ''] = fields;
      group.changed(
        `portal/${base}/${id}`,
        action === 'delete' ? undefined : JSON.stringify({ acao: action, nome }),
      );
    };
    this.gateway = new Gateway({
      registries: this.portal.registries,
      topics: this.topics,
      upToDate: () => group.upToDate,
      leads: () => this.alive && group.servers.every(({ alive }, i) => !alive || i >= index),
      time,
      logger: this.logger,
      isClosed: group.access !== undefined,
      seam: {
        ...{ engine, time, observe: group.counts.observe },
        admit: group.access === undefined ? admitAll(engine) : admitKnown(group.access, engine),
      },
    });
    this.gateway.start();
  }

  refusals(): unknown[] {
    return this.logger.lines.filter(({ message }) => message.includes('recusada'));
  }
}

describe('who publishes and applies portal/admin', () => {
  it('only one applies, once; what the fleet accepts is published once, and the echo does not count', async () => {
    const group = new Group(3);
    expect(group.servers.map(({ gateway }) => gateway.acts)).toEqual([true, false, false]);
    group.broker.send(CREATE, 'aaaa,nome');
    group.broker.deliver();
    await group.rest();
    await group.servers[2]!.portal.registries.alunos.create({ matricula: 'bbbb', nome: 'nome' });
    group.broker.deliver();
    await group.rest();
    expect(group.names()).toEqual(['aaaa', 'bbbb']);
    expect(group.broker.published).toEqual([`${CREATE} aaaa,nome`, `${CREATE} bbbb,nome`]);
    expect(group.servers.flatMap((server) => server.refusals())).toEqual([]);
  });

  it('closed topics apply and show nothing, not even what waited for someone to apply it', async () => {
    const table = new TableStand();
    const group = new Group(1, accessControl(table.table));
    const [server] = group.servers as [Server];
    const create = (matricula: string) => server.portal.registries.alunos.create({ matricula, nome: 'nome' });
    for (const isUp of [true, false]) {
      if (!isUp) server.topics.down();
      await create(`aaa${String(isUp)}`);
      server.topics.up();
      group.broker.send(CREATE, `bbb${String(isUp)},nome`);
      server.gateway.show({ topic: EXCESS_TOPIC, payload: 'GBC074,aaaa' });
      group.broker.deliver();
      group.pass(2 * soleServerLimits.takeoverMs);
      await group.rest();
      group.broker.deliver();
    }
    expect(server.gateway.acts).toBe(true);
    expect(group.names()).toEqual(['aaafalse', 'aaatrue']);
    expect(group.broker.published).toEqual([`${CREATE} bbbtrue,nome`, `${CREATE} bbbfalse,nome`]);
    expect(outcomesOf(group.counts)).toEqual(['portal aluno/create NAO_AUTENTICADO 2']);
    expect(server.refusals()).not.toEqual([]);
  });

  it('a creation that arrives late does not bring back what was removed', async () => {
    const group = new Group(2);
    const [first] = group.servers as [Server];
    await first.portal.registries.alunos.create({ matricula: 'aaaa', nome: 'nome' });
    await first.portal.registries.alunos.remove('aaaa');
    // Both echoes come only now, and the first of them again after another has taken over.
    group.broker.deliver();
    await group.rest();
    expect(group.names()).toEqual([]);
    group.broker.send(CREATE, 'bbbb,nome');
    group.broker.deliver();
    await group.rest();
    await group.servers[1]!.portal.registries.alunos.remove('bbbb');
    group.broker.deliver();
    first.alive = false;
    group.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
    await group.rest();
    group.broker.deliver();
    await group.rest();
    expect(group.servers[1]!.gateway.acts).toBe(true);
    expect(group.names()).toEqual([]);
    expect(group.broker.published.filter((line) => line === `${DELETE} bbbb`)).toHaveLength(1);
  });

  it('the next gateway does what a dead one left: applies what waited, shows what nobody showed', async () => {
    const group = new Group(2);
    const [first, second] = group.servers as [Server, Server];
    first.alive = false;
    first.topics.down();
    group.broker.send(CREATE, 'aaaa,nome');
    group.broker.deliver();
    await second.portal.registries.alunos.create({ matricula: 'bbbb', nome: 'nome' });
    expect(second.gateway.acts).toBe(false);
    expect(group.names()).toEqual(['bbbb']);
    group.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
    await group.rest();
    expect(second.gateway.acts).toBe(true);
    expect(group.names()).toEqual(['aaaa', 'bbbb']);
    expect(group.broker.published).toEqual([`${CREATE} aaaa,nome`, `${CREATE} bbbb,nome`]);
  });

  it('an old message about what changed later is not applied by the one that takes over', async () => {
    const group = new Group(2);
    const [first, second] = group.servers as [Server, Server];
    await second.portal.registries.alunos.create({ matricula: 'aaaa', nome: 'nome' });
    group.broker.deliver();
    first.alive = false;
    first.topics.down();
    group.broker.send('portal/admin/aluno/update', 'aaaa,outro');
    group.broker.deliver();
    await second.portal.registries.alunos.remove('aaaa');
    await second.portal.registries.alunos.create({ matricula: 'aaaa', nome: 'novo' });
    group.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
    await group.rest();
    expect(await second.portal.registries.alunos.get('aaaa')).toEqual({ matricula: 'aaaa', nome: 'novo' });
  });

  it('one that slept does not act before it sees who acts now', async () => {
    const group = new Group(1);
    const [only] = group.servers as [Server];
    group.time.sleep(portalLimits.holdMs);
    group.broker.send(CREATE, 'aaaa,nome');
    // Its next look has not come yet.
    expect(only.gateway.acts).toBe(false);
    group.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
    expect(only.gateway.acts).toBe(true);
    group.broker.deliver();
    await group.rest();
    expect(group.names()).toEqual(['aaaa']);
  });

  it('one that takes over does not act before it sees what the others did: nothing removed comes back', async () => {
    const group = new Group(2);
    const [first, second] = group.servers as [Server, Server];
    first.alive = false;
    first.topics.down();
    group.broker.send(CREATE, 'aaaa,nome');
    group.broker.deliver();
    group.upToDate = false;
    group.pass(soleServerLimits.takeoverMs + 4 * soleServerLimits.roleMs);
    expect(second.gateway.acts).toBe(false);
    // Somebody had created and removed him: this server is told only now.
    group.changed('portal/aluno/aaaa', JSON.stringify({ acao: 'create', nome: 'nome' }));
    group.changed('portal/aluno/aaaa', undefined);
    group.upToDate = true;
    group.pass(2 * soleServerLimits.roleMs);
    await group.rest();
    expect(second.gateway.acts).toBe(true);
    expect(group.names()).toEqual([]);
  });

  it('one that took a whole state does not apply what waited before it', async () => {
    const group = new Group(2);
    const [first, second] = group.servers as [Server, Server];
    first.alive = false;
    first.topics.down();
    group.broker.send(CREATE, 'aaaa,nome');
    group.broker.deliver();
    second.gateway.onReplaced();
    group.broker.send(CREATE, 'bbbb,nome');
    group.broker.deliver();
    group.pass(soleServerLimits.takeoverMs + 2 * soleServerLimits.roleMs);
    await group.rest();
    expect(second.gateway.acts).toBe(true);
    expect(group.names()).toEqual(['bbbb']);
  });

  it('what the broker retained, and the notice of excess, change nothing', async () => {
    const group = new Group(1);
    group.broker.send(CREATE, 'aaaa,nome');
    group.broker.deliver(true);
    group.broker.send(EXCESS_TOPIC, 'GBC074,aaaa');
    group.broker.deliver();
    await group.rest();
    expect(group.names()).toEqual([]);
    expect(group.servers[0]!.refusals()).toEqual([]);
  });

  it('what the broker did not take is published once it does, in order', async () => {
    const group = new Group(1);
    const [only] = group.servers as [Server];
    group.broker.refuses = true;
    for (const matricula of ['aaaa', 'bbbb', 'cccc']) {
      await only.portal.registries.alunos.create({ matricula, nome: 'nome' });
    }
    await group.rest();
    expect(group.broker.published).toEqual([]);
    group.broker.refuses = false;
    group.pass(soleServerLimits.roleMs);
    await group.rest();
    expect(group.broker.published).toEqual(['aaaa', 'bbbb', 'cccc'].map((id) => `${CREATE} ${id},nome`));
  });

  it('a flood of refusals does not fill the log', async () => {
    const group = new Group(1);
    const [only] = group.servers as [Server];
    for (let i = 0; i < portalLimits.refusalsLogged + 20; i++)
      group.broker.send('portal/admin//delete', String(i));
    group.broker.deliver();
    await group.rest();
    expect(only.refusals()).toHaveLength(portalLimits.refusalsLogged);
    group.pass(limits.burstLogMs);
    expect(only.logger.lines.at(-1)).toMatchObject({ fields: { mais: 20 } });
  });
});
