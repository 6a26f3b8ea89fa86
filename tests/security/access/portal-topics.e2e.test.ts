import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerRefusal } from '../../../src/mqtt/broker-users.js';
import { accessLimits } from '../../../src/security/access/limits.js';
import { tokenText } from '../../../src/ports/access.js';
import { etcdAvailable } from '../../support/etcd.js';
import { eventually } from '../../support/eventually.js';
import { kvs } from '../../support/kvs-program.js';
import { MqttUser } from '../../support/mqtt-user.js';
import { freePort } from '../../support/net.js';
import { PortalClient } from '../../support/portal-client.js';
import type { Aluno } from '../../support/portal-client.js';
import { ServerProcess } from '../../support/server-process.js';
import { EVERYBODY, may } from './people.js';
import { secretOf } from './support.js';
import { openFleet, TOPICS_STANDS } from './topics-stands.js';
import type { TopicsStand } from './topics-stands.js';

/** The portal's topics ask the same table as its doors: over the fleet's own broker, and over that of `--portal-broker`. */

const CREATE = 'portal/admin/aluno/create';
/** What must not come has not come by then. */
const SILENCE_MS = 300;

let students = 0;
const newStudent = (): string => `11921BSI${String(++students).padStart(3, '0')}`;

describe.each(Object.keys(TOPICS_STANDS))('the topics of the portal, %s', (engine) => {
  describe.skipIf(engine === 'consenso' && !etcdAvailable())('with credentials', () => {
    let here: TopicsStand;
    beforeAll(async () => {
      here = await TOPICS_STANDS[engine]!();
    }, 90_000);
    afterAll(() => here.close(), 30_000);

    const connect = (who: string, password = secretOf(who)): Promise<MqttUser> => {
      here.access.time.advance(accessLimits.attemptMs);
      return MqttUser.connect(here.brokerPort, undefined, { user: who, password });
    };
    const enrolled = async (): Promise<string[]> =>
      (await here.client.all<Aluno>('ObtemTodosAlunos')).map(({ matricula }) => matricula);
    /** Runs what the broker must refuse for this reason, once, or not at all. */
    const refusing = async <T>(reason: BrokerRefusal | undefined, run: () => Promise<T>): Promise<T> => {
      const before = { ...here.refused() };
      const done = await run();
      const expected = reason === undefined ? before : { ...before, [reason]: (before[reason] ?? 0) + 1 };
      expect(here.refused()).toEqual(expected);
      return done;
    };

    it.each(EVERYBODY)('%s publishes what it may, and nothing else happens', async (who) => {
      const before = await enrolled();
      const [tried, after] = [newStudent(), newStudent()];
      const user = await connect(who);
      // A server publishes what servers have accepted, and a request is accepted from it too.
      const granted = who === 'srv' || may(who, 'write', 'portal/');
      const publish = (): Promise<boolean> => user.publish(CREATE, `${tried},de ${who}`);
      expect(await refusing(granted ? undefined : 'PUBLICACAO_RECUSADA', publish)).toBe(granted);
      user.end();
      const raiz = await connect('raiz');
      // What comes after it is done after it.
      expect(await raiz.publish(CREATE, `${after},depois`)).toBe(true);
      await eventually('what came after', async () => (await enrolled()).includes(after));
      raiz.end();
      expect(await enrolled()).toEqual([...before, ...(granted ? [tried] : []), after]);
    });

    it.each(EVERYBODY)('%s sees what it may', async (who) => {
      const user = await connect(who);
      const granted = who === 'srv' || may(who, 'read', 'portal/');
      const subscribe = (): Promise<number> => user.subscribe('portal/#');
      expect(await refusing(granted ? undefined : 'ASSINATURA_RECUSADA', subscribe)).toBe(granted ? 1 : 128);
      const shown = newStudent();
      // Accepted by another door, and shown.
      expect(await here.client.aluno(shown, 'pelo gRPC')).toMatchObject({ status: 0 });
      const came = (): boolean => user.received.some((message) => message.startsWith(`${CREATE} ${shown}`));
      if (granted) await eventually('what is shown', came);
      else {
        await sleep(SILENCE_MS);
        expect(user.received).toEqual([]);
      }
      user.end();
    });

    it.each([
      ['um segredo errado', 'raiz', secretOf('maria')],
      ['um nome que não há', 'ninguem', secretOf('ninguem')],
      ['uma credencial vencida', 'velha', secretOf('velha')],
      ['uma credencial revogada', 'rui', secretOf('rui')],
      ['o token inteiro como senha', 'raiz', tokenText('raiz', secretOf('raiz'))],
    ])('is refused, and counted: %s', async (_what, name, secret) => {
      const counted = here.access.table.refusals.NAO_AUTENTICADO;
      await refusing('NAO_AUTENTICADO', () =>
        expect(connect(name, secret)).rejects.toMatchObject({ code: 4 }),
      );
      expect(here.access.table.refusals.NAO_AUTENTICADO).toBe(counted + 1);
    });

    it('a client that does not say who it is is refused', async () => {
      await refusing('SEM_USUARIO', () =>
        expect(MqttUser.connect(here.brokerPort, undefined, undefined)).rejects.toMatchObject({ code: 4 }),
      );
    });

    it('a client whose credential was revoked neither publishes nor sees any more', async () => {
      const rita = await connect('rita');
      expect(await rita.subscribe('portal/#')).toBe(1);
      const [first, second] = [newStudent(), newStudent()];
      expect(await rita.publish(CREATE, `${first},antes`)).toBe(true);
      await eventually('it is done', async () => (await enrolled()).includes(first));
      await eventually('it is shown', () => rita.received.length === 1);
      const before = await enrolled();
      here.revoke('rita');
      expect(await rita.publish(CREATE, `${second},depois`)).toBe(false);
      expect(here.refused().CREDENCIAL_REVOGADA).toBe(1);
      await sleep(SILENCE_MS);
      expect(await enrolled()).toEqual(before);
      expect(rita.received).toHaveLength(1);
    });
  });
});

describe('the topics of the portal of a server with credentials, on a broker that does not ask who publishes', () => {
  let here: TopicsStand;
  beforeAll(async () => {
    here = await openFleet(undefined);
  });
  afterAll(() => here.close());

  it('stay closed: nothing that comes is done, each message is counted, nothing is shown', async () => {
    const stranger = await MqttUser.connect(here.brokerPort, undefined, undefined);
    expect(await stranger.subscribe('portal/#')).toBe(1);
    const matricula = newStudent();
    const messages = [
      [CREATE, `${matricula},estranho`],
      ['portal/admin/disciplina/create', 'GBC074,Sistemas,1'],
      ['portal/admin/nada', ''],
    ] as const;
    for (const [topic, payload] of messages) expect(await stranger.publish(topic, payload)).toBe(true);
    const { table } = here.access;
    await eventually('they are refused', () => table.refusals.NAO_AUTENTICADO === messages.length);
    expect(here.logger.lines).toContainEqual(
      expect.objectContaining({
        message: 'mensagem do portal recusada',
        fields: { topico: CREATE, motivo: expect.stringContaining('--broker-credenciais') as string },
      }),
    );
    expect(here.logger.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^portal: os tópicos estão fechados/),
    );
    // The doors go on, and tell the broker nothing.
    expect(await here.client.all('ObtemTodosAlunos')).toEqual([]);
    expect(await here.client.aluno(matricula, 'Maria')).toMatchObject({ status: 0 });
    await sleep(SILENCE_MS);
    expect(stranger.received).toHaveLength(messages.length);
    expect(await here.client.all('ObtemTodosAlunos')).toEqual([{ matricula, nome: 'Maria' }]);
    stranger.end();
  });
});

describe('the program, with its broker on this machine', () => {
  it(
    '--broker-credenciais opens the topics to those that the table lets in; without it they stay closed',
    { timeout: 60_000 },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'kvs-topicos-'));
      const file = join(folder, 'credenciais.json');
      const create = async (name: string, ...words: readonly string[]): Promise<string> => {
        const made = await kvs(['credencial', 'cria', name, ...words, '--arquivo', file]);
        expect(made).toMatchObject({ code: 0 });
        return made.stdout.trim();
      };
      const secret = (token: string): string => token.slice(token.indexOf('.') + 1);
      const own = await create('frota1', '--papel', 'servidor');
      const token = await create('paula', '--papel', 'escrita', '--prefixo', 'portal/');
      const login = join(folder, 'broker.txt');
      await writeFile(login, `frota1:${secret(own)}\n`, { mode: 0o600 });
      const start = async (...args: readonly string[]) => {
        const port = await freePort();
        const common = [
          '--credenciais',
          file,
          '--portal',
          'admin',
          '--broker-local',
          `127.0.0.1:${String(port)}`,
        ];
        const started = await ServerProcess.start({ fleet: 'topicos', args: [...common, ...args] });
        await eventually('it serves its topics', () => started.logged('portal: '), 30_000);
        const client = new PortalClient(started.port);
        client.admin.metadata.set('authorization', `Bearer ${token}`);
        return { server: started, port, students: () => client.all<Aluno>('ObtemTodosAlunos'), client };
      };
      const [open, closed] = await Promise.all([start('--broker-credenciais', login), start()]);
      try {
        await expect(MqttUser.connect(open.port, undefined, undefined)).rejects.toMatchObject({ code: 4 });
        const paula = await MqttUser.connect(open.port, undefined, {
          user: 'paula',
          password: secret(token),
        });
        expect(await paula.publish(CREATE, '11921BSI209,Maria')).toBe(true);
        await eventually('it is enrolled', async () => (await open.students()).length === 1);
        paula.end();

        expect(closed.server.log.map(({ mensagem }) => mensagem)).toContainEqual(
          expect.stringMatching(/^os tópicos do portal ficam fechados/),
        );
        const stranger = await MqttUser.connect(closed.port, undefined, undefined);
        expect(await stranger.publish(CREATE, '11921BSI209,Maria')).toBe(true);
        await eventually('it is refused', () => closed.server.logged('mensagem do portal recusada'));
        expect(await closed.students()).toEqual([]);
        stranger.end();
      } finally {
        for (const { server: one, client } of [open, closed]) {
          client.close();
          await one.stop();
        }
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
