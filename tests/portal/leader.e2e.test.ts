import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freeAddresses, openLeaderSystem } from '../support/leader-nodes.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import type { Mosquitto } from '../support/mosquitto.js';
import { MosquittoSub, mosquittoClientsAvailable, mosquittoPub } from '../support/mosquitto-clients.js';
import { PortalClient } from '../support/portal-client.js';
import { openPortalOn } from '../support/portal-stand.js';
import { ServerProcess } from '../support/server-process.js';
import { portalRules } from './rules.js';

const CLIENTS = 50;
const DONE = { status: 0, msg: '', codigo: undefined };

for (const [name, index] of [
  ['no líder', 0],
  ['em um seguidor', 2],
] as const) {
  portalRules(`sistema com líder, ${name}`, async () => {
    const system = await openLeaderSystem();
    const stand = await openPortalOn(system.nodes[index]!.engine);
    const close = async (): Promise<void> => {
      await stand.close();
      await system.settle();
      await system.close();
    };
    return { client: stand.client, close };
  });
}

describe.skipIf(!mosquittoAvailable() || !mosquittoClientsAvailable())(
  'the portal on three real servers of the system with a leader',
  () => {
    let broker: Mosquitto;
    let servers: ServerProcess[] = [];
    let clients: PortalClient[] = [];
    let sub: MosquittoSub;

    beforeAll(async () => {
      broker = await startMosquitto();
      const addresses = await freeAddresses(3);
      const args = (address: string): string[] => [
        ...['--motor', 'lider', '--lider', addresses[0]!, '--servidores-lider', addresses.join(',')],
        ...['--porta-mensagem', address.split(':')[1]!, '--portal', 'admin,matricula'],
      ];
      servers = await Promise.all(
        addresses.map((address, index) => {
          const gateway = index === 1 ? ['--portal-broker', broker.url] : [];
          return ServerProcess.start({ args: [...args(address), ...gateway] });
        }),
      );
      await Promise.all(servers.map((server) => server.ready()));
      clients = Array.from({ length: CLIENTS }, (_, i) => new PortalClient(servers[i % 3]!.port));
      sub = await MosquittoSub.start(broker.port, 'portal/#');
      await eventually('it acts', () => servers[1]!.logged('portal: este servidor publica'), 30_000);
    }, 90_000);
    afterAll(async () => {
      sub.stop();
      for (const client of clients) client.close();
      for (const server of servers) await server.kill9();
      await broker.stop();
    }, 60_000);

    const names = (id: string): Promise<string[]> =>
      Promise.all(
        clients
          .slice(0, 3)
          .map(async (client) => (await client.get<{ nome: string }>('ObtemAluno', id)).nome),
      );

    it(
      'one of them applies what comes from outside and shows what any of them accepts, once',
      { timeout: 60_000 },
      async () => {
        await mosquittoPub(broker.port, 'portal/admin/aluno/create', '31921BSI001,de fora');
        await eventually(
          'everywhere',
          async () => (await names('31921BSI001')).every((name) => name === 'de fora'),
          30_000,
        );
        expect(
          await clients[0]!.change('EditaAluno', { matricula: '31921BSI001', nome: 'do líder' }),
        ).toEqual(DONE);
        expect(await clients[2]!.change('RemoveAluno', { id: '31921BSI001' })).toEqual(DONE);
        expect(await clients[1]!.aluno('31921BSI002', 'daqui')).toEqual(DONE);
        await mosquittoPub(broker.port, 'portal/admin/aluno/delete', '31921BSI002');
        await eventually(
          'gone',
          async () => (await names('31921BSI002')).every((name) => name === ''),
          30_000,
        );
        // One more: whatever was going to be repeated has been by then.
        await clients[2]!.aluno('31921BSI003', 'mais um');
        const last = 'portal/admin/aluno/create 31921BSI003,mais um';
        await eventually('the last shown', () => sub.count(last) === 1, 30_000);
        expect(sub.seen).toEqual([
          'portal/admin/aluno/create 31921BSI001,de fora',
          'portal/admin/aluno/update 31921BSI001,do líder',
          'portal/admin/aluno/delete 31921BSI001',
          'portal/admin/aluno/create 31921BSI002,daqui',
          'portal/admin/aluno/delete 31921BSI002',
          last,
        ]);
        for (const server of servers)
          expect((await server.client.consulta('portal/aluno/31921BSI003')).versao).toBe(1);
      },
    );

    it(
      `${CLIENTS} clients on three servers: no class ever has more students than seats`,
      { timeout: 60_000 },
      async () => {
        const vagas = 10;
        await clients[0]!.disciplina('GBC074', 'Sistemas Distribuídos', vagas);
        const alunos = clients.map((_, i) => `11921BSI${String(i).padStart(3, '0')}`);
        await Promise.all(clients.map((client, i) => client.aluno(alunos[i]!, `Aluno ${i}`)));
        const answers = await Promise.all(clients.map((client, i) => client.matricula('GBC074', alunos[i]!)));
        expect(answers.filter(({ status }) => status === 0)).toHaveLength(vagas);
        for (const { codigo } of answers.filter(({ status }) => status === 1))
          expect(codigo).toBe('DISCIPLINA_LOTADA');
        const expected = alunos.filter((_, i) => answers[i]!.status === 0);
        for (const client of clients.slice(0, 3)) expect(await client.roster('GBC074')).toEqual(expected);
      },
    );

    it(
      'the leader killed amid enrolments: nothing halfway, and what was answered stays',
      { timeout: 90_000 },
      async () => {
        const [leader] = servers as [ServerProcess];
        const followers = clients.filter((_, i) => i % 3 !== 0).slice(0, 6);
        await followers[0]!.disciplina('GBC100', 'Redes', 1_000);
        const done: string[] = [];
        const enrol = async (client: PortalClient, who: number): Promise<void> => {
          for (let n = 0; n < 40; n++) {
            const matricula = `41921BSI${String(who)}${String(n).padStart(2, '0')}`;
            try {
              await client.aluno(matricula, 'Aluno');
              if ((await client.matricula('GBC100', matricula)).status === 0) done.push(matricula);
            } catch {
              // The leader is away, or nobody can tell whether it was done.
            }
          }
        };
        const all = Promise.all(followers.map(enrol));
        await eventually('some are in', () => done.length > 20, 30_000);
        await leader.kill9();
        await all;
        await leader.restart();
        await Promise.all(servers.map((server) => server.ready()));
        const snapshots = await Promise.all(servers.map((server) => server.client.snapshot()));
        const texts = snapshots.map((rows) =>
          rows.map(({ chave, versao }) => `${chave}@${String(versao)}`).sort(),
        );
        expect(texts[1]).toEqual(texts[0]);
        expect(texts[2]).toEqual(texts[0]);
        // Both sides of every enrolment, and a student for each.
        const ids = (prefix: string, id: (key: string) => string): string[] =>
          snapshots[0]!
            .map(({ chave }) => chave)
            .filter((key) => key.startsWith(prefix))
            .map(id)
            .sort();
        const inClass = ids('portal/inscricao/GBC100/', (key) => key.split('/')[3]!);
        expect(ids('portal/aluno-disciplina/4', (key) => key.split('/')[2]!)).toEqual(inClass);
        const alunos = ids('portal/aluno/4', (key) => key.split('/')[2]!);
        expect(inClass.filter((id) => !alunos.includes(id))).toEqual([]);
        expect(done.filter((id) => !inClass.includes(id))).toEqual([]);
        expect(done.length).toBeGreaterThan(20);
      },
    );
  },
);
