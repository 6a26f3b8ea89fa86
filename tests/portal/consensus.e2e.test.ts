import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsensus } from '../support/consensus.js';
import { etcdAvailable, startEtcd } from '../support/etcd.js';
import type { EtcdCluster } from '../support/etcd.js';
import { eventually } from '../support/eventually.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { MosquittoSub, mosquittoClientsAvailable, mosquittoPub } from '../support/mosquitto-clients.js';
import { PortalClient } from '../support/portal-client.js';
import { openPortalOn } from '../support/portal-stand.js';
import { ServerProcess } from '../support/server-process.js';
import { portalRules } from './rules.js';

const SERVERS = 3;
const CLIENTS = 50;

describe.skipIf(!etcdAvailable())('the portal on three replicas', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd();
  }, 90_000);
  afterAll(() => cluster.stop(), 30_000);

  portalRules('consenso', async () => {
    const engine = startConsensus(cluster.addresses);
    const stand = await openPortalOn(engine);
    const close = async (): Promise<void> => {
      await stand.close();
      await engine.stop();
    };
    return { client: stand.client, close };
  });

  it.skipIf(!mosquittoAvailable() || !mosquittoClientsAvailable())(
    'the server with --portal-broker applies what comes from outside and shows what it accepts, once',
    { timeout: 90_000 },
    async () => {
      const broker = await startMosquitto();
      const replicas = cluster.addresses.flatMap((address) => ['--replicas', address]);
      const args = [...replicas, '--motor', 'consenso', '--portal', 'admin', '--portal-broker', broker.url];
      const server = await ServerProcess.start({ args });
      const client = new PortalClient(server.port);
      const sub = await MosquittoSub.start(broker.port, 'portal/#');
      try {
        await server.ready();
        await eventually('it acts', () => server.logged('portal: este servidor publica'), 30_000);
        await mosquittoPub(broker.port, 'portal/admin/aluno/create', '31921BSI001,de fora');
        const name = async () => (await client.get<{ nome: string }>('ObtemAluno', '31921BSI001')).nome;
        await eventually('applied', async () => (await name()) === 'de fora', 30_000);
        await client.change('EditaAluno', { matricula: '31921BSI001', nome: 'daqui' });
        await client.change('RemoveAluno', { id: '31921BSI001' });
        await eventually('all shown', () => sub.seen.length >= 3, 30_000);
        // One more on each way: whatever was going to be repeated has been by then.
        await client.aluno('31921BSI002', 'mais um');
        await eventually(
          'the last shown',
          () => sub.count('portal/admin/aluno/create 31921BSI002,mais um') === 1,
          30_000,
        );
        expect(sub.seen).toEqual([
          'portal/admin/aluno/create 31921BSI001,de fora',
          'portal/admin/aluno/update 31921BSI001,daqui',
          'portal/admin/aluno/delete 31921BSI001',
          'portal/admin/aluno/create 31921BSI002,mais um',
        ]);
        expect(await name()).toBe('');
        expect((await server.client.consulta('portal/aluno/31921BSI002')).versao).toBe(1);
      } finally {
        sub.stop();
        client.close();
        await server.kill9();
        await broker.stop();
      }
    },
  );

  describe(`${SERVERS} servers and ${CLIENTS} clients at once`, () => {
    let servers: ServerProcess[] = [];
    let clients: PortalClient[] = [];
    const args = (): string[] => [
      ...cluster.addresses.flatMap((address) => ['--replicas', address]),
      ...['--motor', 'consenso', '--prazo-consenso', '20000', '--portal', 'admin,matricula'],
    ];
    beforeAll(async () => {
      servers = await Promise.all(
        Array.from({ length: SERVERS }, () => ServerProcess.start({ args: args() })),
      );
      await Promise.all(servers.map((server) => server.ready()));
      clients = Array.from({ length: CLIENTS }, (_, i) => new PortalClient(servers[i % SERVERS]!.port));
    }, 90_000);
    afterAll(async () => {
      for (const client of clients) client.close();
      for (const server of servers) await server.kill9();
    });

    it('no class exceeds its seats, and each refusal is for lack of them', async () => {
      const vagas = 10;
      const [first] = clients as [PortalClient];
      await first.disciplina('GBC074', 'Sistemas Distribuídos', vagas);
      const alunos = clients.map((_, i) => `11921BSI${String(i).padStart(3, '0')}`);
      await Promise.all(clients.map((client, i) => client.aluno(alunos[i]!, `Aluno ${i}`)));
      const answers = await Promise.all(clients.map((client, i) => client.matricula('GBC074', alunos[i]!)));
      expect(answers.filter(({ status }) => status === 0)).toHaveLength(vagas);
      for (const { codigo } of answers.filter(({ status }) => status === 1))
        expect(codigo).toBe('DISCIPLINA_LOTADA');
      const expected = alunos.filter((_, i) => answers[i]!.status === 0);
      for (const client of clients.slice(0, SERVERS)) expect(await client.roster('GBC074')).toEqual(expected);
    });

    it('all kinds of changes at once: never more students than seats, never one who does not exist', async () => {
      const [first] = clients as [PortalClient];
      await first.disciplina('GBC100', 'Redes', 5);
      const alunos = Array.from({ length: 12 }, (_, i) => `21921BSI${String(i).padStart(3, '0')}`);
      for (const matricula of alunos) await first.aluno(matricula, `Aluno ${matricula}`);
      let over = 0;
      const look = async (client: PortalClient): Promise<void> => {
        const { disciplina, alunos: seen } = await client.detail('GBC100');
        if (seen.length > 5 || disciplina === null) over++;
      };
      await Promise.all(
        clients.slice(0, 24).map(async (client, i) => {
          const idPessoa = alunos[i % alunos.length]!;
          for (let round = 0; round < 3; round++) {
            await client.matricula('GBC100', idPessoa);
            await look(client);
            if (i % 4 === 0)
              await client.change('EditaDisciplina', {
                sigla: 'GBC100',
                nome: 'Redes',
                vagas: 3 + (round % 3),
              });
            if (i % 6 === 1) await client.change('RemoveAluno', { id: idPessoa });
            else await client.change('RemoveAluno', { disciplina: 'GBC100', idPessoa });
          }
          await client.matricula('GBC100', idPessoa);
        }),
      );
      expect(over).toBe(0);
      const { disciplina, alunos: seen } = await first.detail('GBC100');
      expect(seen.length).toBeLessThanOrEqual(disciplina!.vagas);
      // What is stored is what is shown: nothing is left of those who are gone.
      const everyone = new Set(
        (await first.all<{ matricula: string }>('ObtemTodosAlunos')).map(({ matricula }) => matricula),
      );
      const stored = (await servers[0]!.client.snapshot())
        .map(({ chave }) => chave)
        .filter((chave) => chave.startsWith('portal/inscricao/GBC100/'))
        .map((chave) => chave.split('/').at(-1)!);
      expect(stored.filter((matricula) => !everyone.has(matricula))).toEqual([]);
      expect([...stored].sort()).toEqual(seen.map(({ matricula }) => matricula));
    });
  });
});
