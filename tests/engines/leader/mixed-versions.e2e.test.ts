import { afterEach, describe, expect, it } from 'vitest';
import { earlierProgram, earlierProgramsAvailable } from '../../support/earlier-programs.js';
import { reasonOf } from '../../support/door-client.js';
import { eventually } from '../../support/eventually.js';
import { freeAddresses } from '../../support/leader-nodes.js';
import { MensagemClient } from '../../support/mensagem-client.js';
import { presentProgram, ServerProcess } from '../../support/server-process.js';

const PATIENCE_MS = 120_000;

const available = await earlierProgramsAvailable();

/** A leader and a follower, one of today and one of the commit before: every `Mensagem` between them, both ways. */
describe.skipIf(!available)('system with a leader, of two versions', () => {
  let servers: ServerProcess[] = [];
  let clients: MensagemClient[] = [];

  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(servers.filter(({ running }) => running).map((server) => server.kill9()));
    [servers, clients] = [[], []];
  });

  it.each(['antiga', 'atual'] as const)(
    'the leader of version "%s" and a follower of the other',
    { timeout: PATIENCE_MS },
    async (leads) => {
      const old = await earlierProgram('previous');
      const programs = leads === 'antiga' ? [old, presentProgram] : [presentProgram, old];
      const names = await freeAddresses(2);
      const system = ['--lider', names[0]!, '--servidores-lider', names.join(',')];
      servers = await Promise.all(
        programs.map((program, index) => {
          const [, port = ''] = names[index]!.split(':');
          return ServerProcess.start({
            args: ['--motor', 'lider', '--porta-mensagem', port, ...system],
            program,
          });
        }),
      );
      const [leader, follower] = servers as [ServerProcess, ServerProcess];
      await Promise.all(servers.map((server) => server.ready()));
      const ask = async (index: number, message: object): Promise<object> => {
        const client = await MensagemClient.open(names[index]!);
        clients.push(client);
        return client.ask(message);
      };
      const both = async (chave: string, expected: object): Promise<void> => {
        for (const index of [0, 1]) {
          await eventually(`server ${index} has ${chave}`, async () => {
            expect(await ask(index, { tipo: 'GET', chave })).toMatchObject(expected);
            return true;
          });
        }
      };

      // PUT is passed on by the follower, and comes back as REPLICATION.
      expect(await ask(0, { tipo: 'PUT', chave: 'chave', valor: 'do líder' })).toMatchObject({
        tipo: 'PUT_OK',
        timestamp: 1,
      });
      expect(await ask(1, { tipo: 'PUT', chave: 'chave', valor: 'do seguidor' })).toMatchObject({
        tipo: 'PUT_OK',
        timestamp: 2,
      });
      await both('chave', { tipo: 'GET_OK', valor: 'do seguidor', timestamp: 2 });

      // OPERATION: what the other doors ask of a follower.
      expect(await follower.client.insere('chave', 'por OPERATION')).toMatchObject({ versao: 3 });
      expect(await follower.client.remove('chave', 1)).toMatchObject({ versao: 1 });
      await both('chave', { tipo: 'GET_OK', valor: 'por OPERATION', timestamp: 3 });
      for (const { client } of servers)
        expect(await client.consulta('chave', 1)).toMatchObject({ versao: 0 });

      // COMMIT: several keys at once, which reach the follower as a STEP.
      const commit = (versao: number): object => ({
        tipo: 'COMMIT',
        id: 1,
        guardas: [{ chave: 'chave', versao }],
        escritas: [{ chave: 'uma', valor: 'um' }, { chave: 'outra', valor: 'dois' }, { chave: 'chave' }],
      });
      expect(await ask(1, commit(1))).toMatchObject({ tipo: 'COMMIT_OK', feito: false });
      expect(await ask(1, commit(3))).toMatchObject({ tipo: 'COMMIT_OK', feito: true });
      await both('uma', { tipo: 'GET_OK', valor: 'um' });
      await both('outra', { tipo: 'GET_OK', valor: 'dois' });
      await both('chave', { tipo: 'NULL' });

      // What expires is refused while one of them would keep it for ever, and nothing is done.
      const today = servers[programs.indexOf(presentProgram)]!;
      today.client.metadata.set('kvs-ttl', '5');
      const refused = today.client.insere('passa', 'valor').catch((thrown: unknown) => reasonOf(thrown));
      expect(await refused).toMatch(/^NAO_SUPORTADO: /);
      today.client.metadata.remove('kvs-ttl');
      await both('passa', { tipo: 'NULL' });

      // Neither has refused anything of the other.
      const said = servers.flatMap(({ log }) => log.filter(({ nivel }) => nivel !== 'info'));
      expect(said).toEqual([]);

      // Each takes the whole state of the other when it comes back empty.
      for (const server of [follower, leader]) {
        await server.stop();
        await server.restart();
        await server.ready();
        await both('outra', { tipo: 'GET_OK', valor: 'dois' });
        await both('chave', { tipo: 'NULL' });
      }
      await Promise.all(servers.map((server) => server.ready()));
      expect(await ask(1, { tipo: 'PUT', chave: 'chave', valor: 'de volta' })).toMatchObject({
        tipo: 'PUT_OK',
        timestamp: 4,
      });
      expect(servers.flatMap(({ wholeLog }) => wholeLog.filter(({ nivel }) => nivel === 'error'))).toEqual(
        [],
      );
    },
  );
});
