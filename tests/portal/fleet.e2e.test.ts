import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Relay } from '../support/e2e-proxy.js';
import { soon, TestFleet } from '../support/e2e-fleet.js';
import { mosquittoAvailable, startMosquitto } from '../support/mosquitto.js';
import { MosquittoSub, mosquittoClientsAvailable, mosquittoPub } from '../support/mosquitto-clients.js';
import { freePort } from '../support/net.js';
import { PortalClient } from '../support/portal-client.js';
import type { Aluno } from '../support/portal-client.js';
import { ServerProcess } from '../support/server-process.js';

const DONE = { status: 0, msg: '', codigo: undefined };
const ACTS = 'portal: este servidor publica e aplica portal/admin';

/** Fleets that wait for one another's servers most of the time: all at once, in each one test after the other. */
const AT_ONCE = { concurrent: true, timeout: 180_000 };
const IN_ORDER = { concurrent: false };

describe.each([
  ['em memória', false],
  ['com dados no disco', true],
])('on four ports, %s', AT_ONCE, (_, onDisk) => {
  describe('two registry servers and two enrolment servers', IN_ORDER, () => {
    let folder: string;
    let fleet: TestFleet;
    let servers: ServerProcess[];
    let views: PortalClient[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kvs-portal-'));
      const port = await freePort();
      const args = ['--broker-local', `127.0.0.1:${port}`];
      const broker = { url: `mqtt://127.0.0.1:${port}`, args, stop: () => Promise.resolve() };
      fleet = await TestFleet.open(broker);
      servers = [];
      for (const [i, service] of ['admin', 'admin', 'matricula', 'matricula'].entries()) {
        const data = onDisk ? ['--dados', join(folder, String(i))] : [];
        servers.push(await fleet.add([...args, ...data, '--portal', service]));
      }
      await Promise.all(servers.map((server) => server.ready()));
      views = [];
      look();
    }, 240_000);
    afterAll(async () => {
      for (const view of views) view.close();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    const look = (): void => {
      for (const view of views) view.close();
      const [a, b, m, n] = servers.map((server) => server.port) as [number, number, number, number];
      views = [
        new PortalClient(a, m),
        new PortalClient(b, n),
        new PortalClient(a, n),
        new PortalClient(b, m),
      ];
    };

    const same = async (): Promise<object> => {
      await fleet.converged();
      const [first, ...others] = await Promise.all(views.map((view) => view.everything()));
      for (const other of others) expect(other).toEqual(first);
      return first!;
    };

    it('each port has only its own service', async () => {
      const [admin, , enrolment] = servers as [ServerProcess, ServerProcess, ServerProcess];
      const swapped = new PortalClient(enrolment.port, admin.port);
      await expect(swapped.aluno('11921BSI209', 'nome')).rejects.toMatchObject({ code: 12 });
      await expect(swapped.detail('GBC074')).rejects.toMatchObject({ code: 12 });
      swapped.close();
    });

    it('they give the same answers, also after one dies and comes back in between', async () => {
      const [x, y] = views as [PortalClient, PortalClient];
      for (let i = 0; i < 6; i++) {
        expect(await views[i % 2]!.aluno(`11921BSI${i}`, `Aluno ${i}`)).toEqual(DONE);
        expect(await views[i % 2]!.disciplina(`GBC07${i}`, `Disciplina ${i}`, 2)).toEqual(DONE);
      }
      await x.professor('1234567', 'Paulo');
      await same();
      for (let i = 0; i < 6; i++) {
        expect(await views[i % 4]!.matricula(`GBC07${i}`, `11921BSI${(i + 1) % 6}`)).toEqual(DONE);
        await views[i % 4]!.change('AdicionaProfessor', { disciplina: `GBC07${i}`, idPessoa: '1234567' });
      }
      const before = await same();
      expect(before).toMatchObject({ relatorios: { length: 6 } });

      // Not the first: it holds the broker.
      const victim = servers[3]!;
      await victim.kill9();
      expect(await x.change('EditaAluno', { matricula: '11921BSI1', nome: 'Outro nome' })).toEqual(DONE);
      expect(await x.change('RemoveAluno', { id: '11921BSI2' })).toEqual(DONE);
      await soon(
        'the other admin server',
        async () => (await y.get<Aluno>('ObtemAluno', '11921BSI2')).matricula === '',
      );
      expect(await y.change('RemoveDisciplina', { id: 'GBC075' })).toEqual(DONE);
      await victim.restart();
      await victim.ready();
      look();
      const after = (await same()) as { alunos: Aluno[]; relatorios: { alunos: Aluno[] }[] };
      expect(after.alunos.map(({ matricula }) => matricula)).not.toContain('11921BSI2');
      expect(after.relatorios).toHaveLength(5);
      expect(after.relatorios[0]!.alunos).toEqual([{ matricula: '11921BSI1', nome: 'Outro nome' }]);
      expect(after.relatorios[1]!.alunos).toEqual([]);
    });

    it.skipIf(!onDisk)(
      'all killed amid enrolments: they come back with what they answered, and nothing halfway',
      async () => {
        const [x, y] = views as [PortalClient, PortalClient];
        const alunos = Array.from({ length: 90 }, (_, i) => `91921BSI${String(i).padStart(3, '0')}`);
        await x.disciplina('GBC100', 'Redes', alunos.length);
        await Promise.all(alunos.map((matricula) => x.aluno(matricula, 'Aluno')));
        const before = await same();
        const done: string[] = [];
        const enrol = async (matricula: string, i: number): Promise<void> => {
          const { status } = await (i % 2 === 0 ? x : y).matricula('GBC100', matricula);
          if (status === 0) done.push(matricula);
        };
        // A few at a time on each of the two; those under way when the servers die are answered by nobody.
        const ends = [0, 1, 2, 3, 4, 5].map(async (first) => {
          for (let i = first; i < alunos.length; i += 6) await enrol(alunos[i]!, i);
        });
        const all = Promise.allSettled(ends);
        await soon('some are in', () => done.length > 20);
        await Promise.all(servers.map((server) => server.kill9()));
        await all;
        const answered = [...done];
        await Promise.all(servers.map((server) => server.restart()));
        await Promise.all(servers.map((server) => server.ready()));
        look();
        const after = await same();
        const part = (everything: object, name: string) => (everything as Record<string, unknown>)[name];
        for (const name of ['alunos', 'professores', 'disciplinas'])
          expect(part(after, name)).toEqual(part(before, name));
        expect(answered.length).toBeLessThan(alunos.length);
        const keys = (await servers[0]!.client.snapshot()).map(({ chave }) => chave);
        const ids = (prefix: string, at: number): string[] =>
          keys
            .filter((key) => key.startsWith(prefix))
            .map((key) => key.split('/')[at]!)
            .sort();
        const enrolled = ids('portal/inscricao/GBC100/', 3);
        expect(ids('portal/aluno-disciplina/9', 2)).toEqual(enrolled);
        expect(await views[0]!.roster('GBC100')).toEqual(enrolled);
        expect(answered.filter((matricula) => !enrolled.includes(matricula))).toEqual([]);
      },
    );
  });
});

describe.skipIf(!mosquittoAvailable() || !mosquittoClientsAvailable())(
  'two servers that are apart',
  AT_ONCE,
  () => {
    let folder: string;
    let fleet: TestFleet;
    let relay: Relay;
    let servers: ServerProcess[];
    let clients: PortalClient[];
    let sub: MosquittoSub;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kvs-portal-'));
      const broker = await startMosquitto();
      relay = await Relay.open(broker.port);
      fleet = await TestFleet.open({
        url: broker.url,
        args: [],
        stop: async () => {
          await relay.close();
          await broker.stop();
        },
      });
      const portal = ['--portal', 'admin,matricula'];
      servers = [
        await fleet.add(['--broker', broker.url, ...portal]),
        await fleet.add(['--broker', relay.url, ...portal, '--dados', folder]),
      ];
      await Promise.all(servers.map((server) => server.ready()));
      clients = servers.map((server) => new PortalClient(server.port));
      sub = await MosquittoSub.start(broker.port, 'portal/#');
      await soon('one server acts', () => servers.some((server) => server.logged(ACTS)));
    }, 240_000);
    afterAll(async () => {
      sub.stop();
      for (const client of clients) client.close();
      await fleet.close();
      await rm(folder, { recursive: true, force: true });
    }, 120_000);

    it('give away the same last seat: once they meet the first keeps it, the other is visibly undone', async () => {
      const [a, b] = clients as [PortalClient, PortalClient];
      for (const name of ['um', 'dois', 'tres']) await a.aluno(`aluno-${name}`, `Aluno ${name}`);
      await a.disciplina('GBC074', 'Sistemas Distribuídos', 2);
      await a.disciplina('GBC080', 'Some no meio', 2);
      expect(await a.matricula('GBC074', 'aluno-tres')).toEqual(DONE);
      await fleet.converged();

      relay.cut();
      await soon('the other is alone', () => servers[1]!.logged('conexão com o broker perdida'));
      // The one with the greatest identifier is the first: what decides is the time.
      expect(await b.matricula('GBC074', 'aluno-um')).toEqual(DONE);
      const first = Date.now();
      await soon('a later millisecond', () => Date.now() > first + 1);
      expect(await a.matricula('GBC074', 'aluno-dois')).toEqual(DONE);
      // And an enrolment in what the other side removes.
      expect(await b.matricula('GBC080', 'aluno-um')).toEqual(DONE);
      expect(await a.change('RemoveDisciplina', { id: 'GBC080' })).toEqual(DONE);
      expect(await a.change('RemoveAluno', { id: 'aluno-tres' })).toEqual(DONE);
      await a.disciplina('GBC090', 'Só para contar', 1);
      expect(await a.matricula('GBC090', 'aluno-dois')).toEqual(DONE);
      expect(await b.matricula('GBC074', 'aluno-dois')).toMatchObject({ codigo: 'DISCIPLINA_LOTADA' });
      relay.heal();
      await fleet.converged();
      // A place was freed on one side: both fit.
      for (const client of clients) {
        await soon(
          'the roster',
          async () => (await client.roster('GBC074')).join() === 'aluno-dois,aluno-um',
        );
      }

      // Now for the last one.
      await a.aluno('aluno-tres', 'De novo');
      await a.change('EditaDisciplina', { sigla: 'GBC074', nome: 'Sistemas Distribuídos', vagas: 3 });
      await a.aluno('aluno-quatro', 'Aluno quatro');
      await fleet.converged();
      relay.cut();
      await soon('alone again', () => {
        const lost = servers[1]!.log.filter(({ mensagem }) => mensagem === 'conexão com o broker perdida');
        return lost.length >= 2;
      });
      expect(await b.matricula('GBC074', 'aluno-tres')).toEqual(DONE);
      const second = Date.now();
      await soon('a later millisecond', () => Date.now() > second + 1);
      expect(await a.matricula('GBC074', 'aluno-quatro')).toEqual(DONE);
      relay.heal();
      const roster = ['aluno-dois', 'aluno-tres', 'aluno-um'];
      for (const client of clients) {
        await soon('the roster', async () => (await client.roster('GBC074')).join() === roster.join());
        expect(await client.ofAluno('aluno-quatro')).toEqual([]);
        expect((await client.ofAluno('aluno-tres'))[0]).toMatchObject({ totalAlunos: 3 });
      }
      const undone = 'matrícula desfeita';
      await soon('a line in the log', () => servers.some((server) => server.logged(undone)));
      expect(
        servers.flatMap(({ log }) => log.filter(({ mensagem }) => mensagem.startsWith(undone))),
      ).toMatchObject([{ disciplina: 'GBC074', aluno: 'aluno-quatro', vagas: 3 }]);
      await soon('a message', () => sub.count('portal/admin/matricula/excedente GBC074,aluno-quatro') === 1);
      // Gone for good: with a new place the student may enter again, and the class that was removed stays empty.
      await fleet.converged();
      for (const server of servers) {
        expect((await server.client.consulta('portal/inscricao/GBC074/aluno-quatro')).versao).toBe(0);
        expect((await server.client.consulta('portal/inscricao/GBC080/aluno-um')).versao).toBe(0);
      }
      await a.change('RemoveAluno', { id: 'aluno-um' });
      expect(await a.matricula('GBC074', 'aluno-quatro')).toEqual(DONE);
    });
  },
);

describe.skipIf(!mosquittoAvailable() || !mosquittoClientsAvailable())(
  'a broker with a password',
  AT_ONCE,
  () => {
    it('a stranger registers nobody; one who has the password does', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'kvs-portal-'));
      await chmod(folder, 0o755);
      const passwords = join(folder, 'senhas');
      spawnSync('mosquitto_passwd', ['-c', '-b', passwords, 'portal', 'segredo-do-teste']);
      await chmod(passwords, 0o644);
      const credentials = join(folder, 'credenciais');
      await writeFile(credentials, 'portal:segredo-do-teste\n');
      const broker = await startMosquitto({ conf: `allow_anonymous false\npassword_file ${passwords}\n` });
      const login = ['-u', 'portal', '-P', 'segredo-do-teste'];
      const args = [
        '--broker',
        broker.url,
        '--broker-credenciais',
        credentials,
        '--portal',
        'admin,matricula',
      ];
      const server = await ServerProcess.start({ fleet: `senha-${process.pid}`, args });
      const client = new PortalClient(server.port);
      try {
        await server.ready();
        await soon('it acts', () => server.logged(ACTS));
        const message = ['portal/admin/aluno/create', '11921BSI209,estranho'] as const;
        expect(await mosquittoPub(broker.port, ...message)).not.toBe(0);
        expect(await mosquittoPub(broker.port, ...message, ['-u', 'portal', '-P', 'errada'])).not.toBe(0);
        expect(
          await mosquittoPub(broker.port, 'portal/admin/aluno/create', '11921BSI210,conhecido', login),
        ).toBe(0);
        await soon(
          'created',
          async () => (await client.get<Aluno>('ObtemAluno', '11921BSI210')).nome === 'conhecido',
        );
        expect(await client.get<Aluno>('ObtemAluno', '11921BSI209')).toMatchObject({ matricula: '' });
        expect(JSON.stringify(server.wholeLog)).not.toContain('segredo-do-teste');
      } finally {
        client.close();
        await server.kill9();
        await broker.stop();
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
);
