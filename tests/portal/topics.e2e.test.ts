import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onEveryBroker, soon, TestFleet } from '../support/e2e-fleet.js';
import { MosquittoSub, mosquittoClientsAvailable, mosquittoPub } from '../support/mosquitto-clients.js';
import type { Aluno, Disciplina } from '../support/portal-client.js';
import { PortalClient } from '../support/portal-client.js';
import type { ServerProcess } from '../support/server-process.js';

const ACTS = 'portal: este servidor publica e aplica portal/admin';
const REFUSED = 'mensagem do portal recusada';
const STEADY = 15;

describe.skipIf(!mosquittoClientsAvailable())('the topics of the portal, three servers', () => {
  onEveryBroker('tópicos do portal', (openBroker) => {
    let folder: string;
    let fleet: TestFleet;
    let servers: ServerProcess[];
    let clients: PortalClient[];
    let sub: MosquittoSub;
    let port: number;

    beforeAll(async () => {
      const broker = await openBroker();
      port = Number(new URL(broker.url).port);
      fleet = await TestFleet.open(broker);
      const args = [...broker.args, '--portal', 'admin,matricula'];
      servers = [];
      // The first holds the broker, if it is an embedded one: it must not be the one that a test kills.
      folder = await mkdtemp(join(tmpdir(), 'kvs-portal-'));
      for (let i = 0; i < 3; i++)
        servers.push(await fleet.add(i === 1 ? [...args, '--dados', folder] : args));
      await Promise.all(servers.map((server) => server.ready()));
      clients = servers.map((server) => new PortalClient(server.port));
      sub = await MosquittoSub.start(port, 'portal/#');
      await soon('one server acts', () => gateway() !== undefined);
    }, 120_000);

    afterAll(async () => {
      sub.stop();
      for (const client of clients) client.close();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    const live = (): ServerProcess[] => servers.filter(({ running }) => running);

    /** The lowest live origin, once it acts. */
    const gateway = (): ServerProcess | undefined => {
      const lowest = live().sort((a, b) => (a.origin < b.origin ? -1 : 1))[0];
      return lowest?.logged(ACTS) === undefined ? undefined : lowest;
    };

    const pub = (topic: string, payload: string, more: readonly string[] = []): Promise<number> =>
      mosquittoPub(port, topic, payload, more);

    /** Messages that come after everything that was published before, seen by server and subscriber alike. */
    let marks = 0;
    const settled = async (): Promise<void> => {
      const mark = `MARCA${++marks}${String(port)}`;
      expect(await pub('portal/admin/aluno/create', `${mark},marca`)).toBe(0);
      for (const client of clients.filter((_, i) => servers[i]!.running)) {
        await soon(
          `${mark} everywhere`,
          async () => (await client.get<Aluno>('ObtemAluno', mark)).nome === 'marca',
        );
      }
      await soon(`${mark} shown`, () => sub.count(`portal/admin/aluno/create ${mark},marca`) === 1);
    };

    const refusals = (): { topico: unknown; motivo: unknown }[] =>
      servers.flatMap(({ wholeLog }) =>
        wholeLog
          .filter(({ mensagem }) => mensagem === REFUSED)
          .map(({ topico, motivo }) => ({ topico, motivo })),
      );

    it('what comes from outside is applied once on all, and what the fleet accepts is shown once', async () => {
      const [a, b, c] = clients as [PortalClient, PortalClient, PortalClient];
      // From outside.
      await pub('portal/admin/aluno/create', '11921BSI209,maycon');
      await pub('portal/admin/professor/create', '1234567, "Silva, Paulo"');
      await pub('portal/admin/disciplina/create', 'GBC074,Sistemas Distribuídos,60');
      // From every server.
      await Promise.all(
        Array.from({ length: STEADY }, (_, i) => clients[i % 3]!.aluno(`frota${i}`, `Aluno, ${i}`)),
      );
      await settled();
      for (const client of clients) {
        expect(await client.get('ObtemAluno', '11921BSI209')).toEqual({
          matricula: '11921BSI209',
          nome: 'maycon',
        });
        expect(await client.get('ObtemProfessor', '1234567')).toEqual({
          siape: '1234567',
          nome: 'Silva, Paulo',
        });
        expect(await client.get<Disciplina>('ObtemDisciplina', 'GBC074')).toMatchObject({ vagas: 60 });
      }
      // Applied once: one version of each.
      for (const key of ['portal/aluno/11921BSI209', 'portal/disciplina/GBC074', 'portal/aluno/frota3']) {
        for (const server of servers) expect((await server.client.consulta(key)).versao).toBe(1);
      }
      await a.change('EditaAluno', { matricula: 'frota1', nome: 'outro nome' });
      await soon(
        'the edit everywhere',
        async () => (await b.get<Aluno>('ObtemAluno', 'frota1')).nome === 'outro nome',
      );
      await b.change('RemoveAluno', { id: 'frota1' });
      await pub('portal/admin/disciplina/update', 'GBC074,Redes,30');
      await pub('portal/admin/aluno/delete', '11921BSI209');
      await settled();
      for (const client of [a, b, c]) {
        expect(await client.get<Aluno>('ObtemAluno', 'frota1')).toMatchObject({ matricula: '' });
        expect(await client.get<Aluno>('ObtemAluno', '11921BSI209')).toMatchObject({ matricula: '' });
        expect(await client.get('ObtemDisciplina', 'GBC074')).toEqual({
          sigla: 'GBC074',
          nome: 'Redes',
          vagas: 30,
        });
      }
      await soon('everything shown', () => sub.seen.length >= STEADY + 9);
      const expected = [
        ...Array.from({ length: STEADY }, (_, i) => `portal/admin/aluno/create frota${i},"Aluno, ${i}"`),
        'portal/admin/aluno/create 11921BSI209,maycon',
        'portal/admin/professor/create 1234567, "Silva, Paulo"',
        'portal/admin/disciplina/create GBC074,Sistemas Distribuídos,60',
        'portal/admin/aluno/update frota1,outro nome',
        'portal/admin/aluno/delete frota1',
        'portal/admin/disciplina/update GBC074,Redes,30',
        'portal/admin/aluno/delete 11921BSI209',
      ];
      expect(sub.seen.filter((line) => !line.includes('MARCA')).sort()).toEqual(expected.sort());
      expect(refusals()).toEqual([]);
    });

    it('invalid messages are refused with the reason and change nothing; retained ones do not count', async () => {
      const [a] = clients as [PortalClient];
      const before = refusals().length;
      await a.aluno('21921BSI209', 'Maria');
      // Whoever acts must know of her before somebody says the same from outside.
      await settled();
      const bad: [string, string, string][] = [
        ['portal/admin//delete', '21921BSI209', 'tópico desconhecido'],
        ['portal/admin/aluno/apaga', '21921BSI209', 'tópico desconhecido'],
        ['portal/admin/aluno/create/x', '21921BSI210,nome', 'tópico desconhecido'],
        ['portal/admin/aluno/create', 'so-um-campo', '1 campo'],
        ['portal/admin/disciplina/create', 'GBC174,nome,muitas', 'vagas'],
        ['portal/admin/disciplina/create', 'GBC174,nome,-1', 'vagas'],
        ['portal/admin/aluno/create', '"aspas,nome', 'aspas'],
        ['portal/admin/aluno/create', 'abc,nome', 'pelo menos 4'],
        ['portal/admin/aluno/create', '21921BSI209,outra', 'já existe'],
        ['portal/admin/aluno/update', '21921BSI999,nome', 'não existe'],
        ['portal/admin/professor/delete', '7654321', 'não existe'],
      ];
      for (const [topic, payload] of bad) expect(await pub(topic, payload)).toBe(0);
      await settled();
      // The log of another process comes when it comes.
      await soon('all refused', () => refusals().length >= before + bad.length);
      // In any order: what is malformed is refused at once, what breaks a rule when its turn comes.
      const refused = refusals().slice(before);
      expect(refused.map(({ topico }) => topico).sort()).toEqual(bad.map(([topic]) => topic).sort());
      for (const [topic, , reason] of bad) {
        const reasons = refused.filter(({ topico }) => topico === topic).map(({ motivo }) => String(motivo));
        expect(
          reasons.some((motivo) => motivo.includes(reason)),
          `${topic}: ${reason}`,
        ).toBe(true);
      }
      const alunos = await a.all<Aluno>('ObtemTodosAlunos');
      expect(alunos.filter(({ matricula }) => matricula.startsWith('21921'))).toEqual([
        { matricula: '21921BSI209', nome: 'Maria' },
      ]);
      expect(await a.get<Disciplina>('ObtemDisciplina', 'GBC174')).toMatchObject({ sigla: '' });
    });

    it('another takes over from a killed gateway: nothing removed comes back, each change is shown', async () => {
      const first = gateway()!;
      const others = clients.filter((_, i) => servers[i] !== first);
      const [b] = others as [PortalClient];
      // Kept by the broker, where it keeps anything: whoever takes over gets it, and must not apply it.
      await pub('portal/admin/aluno/create', '31921BSI209,maycon', ['-r']);
      await soon('created', async () => (await b.get<Aluno>('ObtemAluno', '31921BSI209')).nome === 'maycon');
      await b.change('RemoveAluno', { id: '31921BSI209' });
      await settled();
      await first.kill9();
      // While nobody acts.
      await b.aluno('enquanto', 'ninguém aplica');
      const second = await soon('another acts', gateway);
      expect(second).not.toBe(first);
      if (!first.hostsBroker) {
        await settled();
        await soon('shown', () => sub.count('portal/admin/aluno/create enquanto,ninguém aplica') >= 1);
        expect(sub.count('portal/admin/aluno/create enquanto,ninguém aplica')).toBe(1);
      } else {
        await eventuallySubscribed();
        await settled();
      }
      for (const client of others) {
        expect(await client.get<Aluno>('ObtemAluno', '31921BSI209')).toMatchObject({ matricula: '' });
        expect(await client.get<Aluno>('ObtemAluno', 'enquanto')).toMatchObject({ nome: 'ninguém aplica' });
      }
    });

    /** The broker died with its server: the subscriber too must find the new one. */
    const eventuallySubscribed = async (): Promise<void> => {
      sub.stop();
      sub = await soon('a broker', () => MosquittoSub.start(port, 'portal/#'));
    };
  });
});
