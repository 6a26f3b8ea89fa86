import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDoors, type Doors } from '../../../src/doors/start.js';
import { openLoopbackPair, type FleetPair } from '../../support/fleet-pair.js';
import { loadService } from '../../support/door-client.js';
import { openStandOn } from '../../support/doors.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import type { LoopbackNetwork } from '../../support/loopback-bus.js';
import { PortalApplication } from '../../../src/portal/portal.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { TermsClient } from '../../support/terms-client.js';
import { LogRecorder } from '../../engines/fleet/bus/support.js';

const keyValue = loadService('KeyValueStore.proto', 'KeyValueStore');
const kvStore = loadService('kvstore.proto', 'kvstore.KvStore');
const copy = loadService('copia.proto', 'kvs.Copia');
const admin = loadService('portal.proto', 'project.PortalAdministrativo');
const enrolment = loadService('portal.proto', 'project.PortalMatricula');
const clocks = { time: realTime, random: realRandom };

/** Two servers on a broker that takes every message, and while split gives none of them to anybody. */
describe('what a call demands by metadata', () => {
  let pair: FleetPair & { readonly network: LoopbackNetwork };
  let doors: Doors[];
  let a: TermsClient;
  let b: TermsClient;
  const clients: TermsClient[] = [];

  beforeEach(async () => {
    pair = await openLoopbackPair();
    const logger = new LogRecorder();
    doors = [];
    for (const engine of [pair.engine, pair.second]) {
      const application = new PortalApplication({ engine, origin: `p${engine.origin}`, ...clocks });
      const portal = { portal: application, services: ['admin', 'matricula'] } as const;
      doors.push(
        await startDoors({ port: 0, engine, engineHealth: 'kvs.frota', portal, time: realTime, logger }),
      );
    }
    [a, b] = doors.map(({ port }) => new TermsClient(port)) as [TermsClient, TermsClient];
    clients.push(a, b);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    pair.network.split = false;
    await Promise.all(doors.map((door) => door.stop(100)));
    await pair.close();
  });
  const on = (at: 0 | 1, service: typeof keyValue): TermsClient => {
    const client = new TermsClient(doors[at]!.port, service);
    clients.push(client);
    return client;
  };

  describe('sessions', () => {
    it('are given to whoever asks, and to nobody else', async () => {
      const asked = await a.insere('chave', 'valor', { sessao: 'nova' });
      expect(asked).toMatchObject({ code: status.OK, replies: [{ versao: 1 }] });
      expect(asked.sessao).toMatch(/^f1\./);
      expect((await a.consulta('chave')).sessao).toBeUndefined();
      expect((await a.consulta('chave', { sessao: '' })).sessao).toMatch(/^f1\./);
      // With an expected error too.
      const missing = await a.consulta('nenhuma', { sessao: 'nova' });
      expect(missing.code).toBe(status.OK);
      expect(missing.erro).toContain('CHAVE_INEXISTENTE');
      expect(missing.sessao).toMatch(/^f1\./);
    });

    it('are waited for briefly, and otherwise refused with nothing done', async () => {
      pair.network.split = true;
      const { sessao = '' } = await a.insere('chave', 'valor', { sessao: 'nova' });
      const read = await b.consulta('chave', { sessao });
      expect(read).toMatchObject({ code: status.UNAVAILABLE, replies: [] });
      expect(read.details).toContain('TRY_OTHER_SERVER_OR_LATER');
      expect(read.erro).toMatch(/^SESSAO_ADIANTE: .*oA/);
      // What this server has is less than what the client has seen: it must keep its own token.
      expect(read.sessao).toBeUndefined();
      expect(read.tookMs).toBeGreaterThan(1_000);
      expect(read.tookMs).toBeLessThan(4_000);
      expect(await b.insere('outra', 'valor', { sessao })).toMatchObject({ code: status.UNAVAILABLE });
      expect(pair.second.store.entryCount).toBe(0);
      // A deadline that is shorter is kept.
      const hurried = await b.consulta('chave', { sessao, deadlineMs: 500 });
      expect(hurried.erro).toContain('SESSAO_ADIANTE');
      // Without a session whoever asks is answered from what is here.
      expect(await b.consulta('chave')).toMatchObject({ code: status.OK, replies: [{ versao: 0 }] });
    });

    it('are answered in the moment in which what they have seen arrives', async () => {
      pair.network.split = true;
      const { sessao = '' } = await a.insere('chave', 'valor', { sessao: 'nova' });
      const read = b.consulta('chave', { sessao });
      const range = on(1, keyValue).call('GetRange', [{ fr: { key: 'a' }, to: { key: 'z' } }], { sessao });
      const many = b.call('ConsultaVarias', [{ chave: 'chave' }, { chave: 'chave' }], { sessao });
      const heads = on(1, kvStore).call('Get', [{ key: 'chave' }], { sessao });
      const all = b.call('Snapshot', [{ versao: 0 }], { sessao });
      const exported = on(1, copy).call('Exporta', [{}], { sessao });
      pair.network.split = false;
      expect(await read).toMatchObject({ code: status.OK, replies: [{ valor: 'valor', versao: 1 }] });
      expect(await range).toMatchObject({ code: status.OK, replies: [{ key: 'chave', val: 'valor' }] });
      expect(await many).toMatchObject({ replies: [{ valor: 'valor' }, { valor: 'valor' }] });
      expect(await heads).toMatchObject({ replies: [{ versions: [{ value: 'valor' }] }] });
      expect(await all).toMatchObject({ replies: [{ valor: 'valor' }] });
      expect(await exported).toMatchObject({ replies: [{ valor: 'valor' }] });
      // Each of them goes on with a token of its own.
      for (const ended of await Promise.all([read, range, many, heads, all, exported])) {
        expect(ended.sessao).toMatch(/^f1\./);
      }
    });

    it('that are no tokens of this fleet are refused in a line', async () => {
      for (const sessao of ['lixo', 'c1', 'f1.outra.oA:1', 'f1..oA:', `f1..${'oA:1,'.repeat(2_000)}`]) {
        const ended = await b.consulta('chave', { sessao });
        expect(ended.code, sessao.slice(0, 20)).toBe(status.INVALID_ARGUMENT);
        expect(ended.erro).toMatch(/^PEDIDO_INVALIDO: [^\n]*comece outra$/);
        expect(ended.sessao).toBeUndefined();
      }
    });
  });

  describe('confirmations', () => {
    it('come from the other servers, for every kind of write, in order', async () => {
      const confirmacao = 1;
      const seq = (): number => pair.second.store.vector.seqOf('oA');
      expect(await a.insere('chave', 'primeiro', { confirmacao })).toMatchObject({
        replies: [{ versao: 1 }],
      });
      expect(seq()).toBe(1);
      expect(await a.call('Remove', [{ chave: 'chave', versao: 1 }], { confirmacao })).toMatchObject({
        code: 0,
      });
      expect(seq()).toBe(2);
      const many = Array.from({ length: 1_000 }, (_, i) => ({ chave: `lote${i % 7}`, valor: `valor${i}` }));
      const stream = await a.call<{ versao: number }>('InsereVarias', many, { confirmacao });
      expect(stream.code).toBe(status.OK);
      expect(stream.replies.map(({ versao }) => versao)).toEqual(many.map((_, i) => Math.floor(i / 7) + 1));
      expect(seq()).toBe(1_002);
      const put = await on(0, keyValue).call('Put', [{ key: 'posta', val: 'v' }], { confirmacao });
      expect(put.code).toBe(status.OK);
      expect(seq()).toBe(1_003);
      const range = [{ fr: { key: 'lote' }, to: { key: 'lotez' } }];
      const del = await on(0, keyValue).call('DelRange', range, { confirmacao });
      expect(del.replies).toHaveLength(7);
      expect(seq()).toBe(1_010);
      expect((await on(0, kvStore).call('Put', [{ key: 'k', value: 'v' }], { confirmacao })).code).toBe(0);
      expect(seq()).toBe(1_011);
      const row = { chave: 'vinda', valor: 'v', versao: 4, ts: 5 };
      expect(await on(0, copy).call('Importa', [row], { confirmacao })).toMatchObject({
        replies: [{ versao: 4 }],
      });
      expect(seq()).toBe(1_012);
    });

    it('that do not come are no acknowledgement of the broker: kept here, on 0 of n', async () => {
      pair.network.split = true;
      const alone = await a.insere('chave', 'valor', { confirmacao: 1, prazo: 300 });
      expect(alone).toMatchObject({ code: status.DEADLINE_EXCEEDED, replies: [], versao: '1' });
      expect(alone.erro).toMatch(
        /^CONFIRMACAO_PARCIAL: gravado aqui \(versão 1\), confirmado por 0 de 1 servidores em \d+ ms/,
      );
      expect(await a.consulta('chave')).toMatchObject({ replies: [{ valor: 'valor', versao: 1 }] });
      const stream = await a.call('InsereVarias', [{ chave: 'chave', valor: 'dois' }], {
        confirmacao: 1,
        prazo: 100,
      });
      expect(stream).toMatchObject({ code: status.DEADLINE_EXCEEDED, replies: [], versao: '2' });
      const range = [{ fr: { key: 'a' }, to: { key: 'z' } }];
      const del = await on(0, keyValue).call('DelRange', range, { confirmacao: 1, prazo: 100 });
      expect(del).toMatchObject({ code: status.DEADLINE_EXCEEDED, replies: [] });
      // The client's own deadline is shorter: it is told all the same.
      const hurried = await a.insere('chave', 'três', { confirmacao: 1, deadlineMs: 500 });
      expect(hurried.erro).toContain('CONFIRMACAO_PARCIAL');
      pair.network.split = false;
      // What was lost is repaired, and confirmed with what comes after it.
      expect(await a.insere('chave', 'quatro', { confirmacao: 1 })).toMatchObject({ code: status.OK });
      expect(pair.second.store.get('chave', undefined)).toMatchObject({ value: 'quatro', version: 4 });
    });

    it('by more servers than there are say how many there were', async () => {
      const partly = await a.insere('chave', 'valor', { confirmacao: 2, prazo: 300 });
      expect(partly.code).toBe(status.DEADLINE_EXCEEDED);
      expect(partly.erro).toContain('confirmado por 1 de 2 servidores');
    });

    it('in a session: the token has the write also where it was not confirmed', async () => {
      pair.network.split = true;
      const alone = await a.insere('chave', 'valor', { confirmacao: 1, prazo: 100, sessao: 'nova' });
      expect(alone).toMatchObject({ code: status.DEADLINE_EXCEEDED, versao: '1' });
      expect(alone.sessao).toContain('oA:1');
    });

    it('are not asked for in numbers that mean nothing', async () => {
      for (const confirmacao of ['0', '-1', '1.5', 'dois', '256', '', '99999999999']) {
        const ended = await a.insere('chave', 'valor', { confirmacao });
        expect(ended.code, confirmacao).toBe(status.INVALID_ARGUMENT);
        expect(ended.erro).toContain('de 1 a 255');
      }
      for (const prazo of ['0', '60001', 'logo']) {
        expect((await a.insere('chave', 'valor', { confirmacao: 1, prazo })).code).toBe(
          status.INVALID_ARGUMENT,
        );
      }
      expect(pair.engine.store.entryCount).toBe(0);
    });

    it('come for Del, DelAll and Trim, and a session has seen what they removed', async () => {
      const confirmacao = 1;
      for (const val of ['um', 'dois', 'três']) await on(0, keyValue).call('Put', [{ key: 'chave', val }]);
      await a.insere('outra', 'valor');
      const trim = await on(0, keyValue).call('Trim', [{ key: 'chave' }], { confirmacao, sessao: 'nova' });
      expect(trim).toMatchObject({ code: status.OK, replies: [{ key: 'chave', val: 'três' }] });
      expect(pair.second.store.get('chave', 2)).toBeUndefined();
      const old = await b.call('Consulta', [{ chave: 'chave', versao: 2 }], { sessao: trim.sessao! });
      expect(old).toMatchObject({ code: status.OK, replies: [{ versao: 0 }] });
      const del = await on(0, keyValue).call('Del', [{ key: 'chave' }], {
        confirmacao,
        sessao: trim.sessao!,
      });
      expect(del).toMatchObject({ code: status.OK, replies: [{ val: 'três' }] });
      expect(pair.second.store.getAt('chave')).toBeUndefined();
      // A removal is seen too: a server that still has the key must not show it.
      pair.network.split = true;
      const all = await on(0, keyValue).call('DelAll', [{ key: 'outra' }], { sessao: del.sessao! });
      expect(all).toMatchObject({ code: status.OK, replies: [{ val: 'valor' }] });
      const gone = await b.consulta('outra', { sessao: all.sessao!, deadlineMs: 500 });
      expect(gone.erro).toContain('SESSAO_ADIANTE');
      expect(await b.consulta('outra')).toMatchObject({ replies: [{ valor: 'valor' }] });
      for (const [name, key] of [
        ['Trim', 'chave'],
        ['Del', 'outra'],
      ]) {
        await b.insere(key!, 'daqui');
        await b.insere(key!, 'daqui');
        const alone = await on(1, keyValue).call(name!, [{ key }], { confirmacao, prazo: 100 });
        expect(alone.code, name).toBe(status.DEADLINE_EXCEEDED);
        expect(alone.erro).toContain('confirmado por 0 de 1');
      }
    });

    it('come for what the portal does, which follows sessions too', async () => {
      const confirmacao = 1;
      const aluno = { matricula: '2024001', nome: 'Maria Souza' };
      const disciplina = { sigla: 'SD2024', nome: 'Sistemas', vagas: 10 };
      const first = await on(0, admin).call('NovoAluno', [aluno], { confirmacao, sessao: 'nova' });
      expect(first).toMatchObject({ code: status.OK, replies: [{ status: 0 }] });
      const held = await on(1, admin).call('ObtemAluno', [{ id: '2024001' }]);
      expect(held).toMatchObject({ replies: [aluno] });
      const sessao = first.sessao!;
      const second = await on(1, admin).call('NovaDisciplina', [disciplina], { confirmacao, sessao });
      expect(second).toMatchObject({ code: status.OK, replies: [{ status: 0 }] });
      const place = { disciplina: 'SD2024', idPessoa: '2024001' };
      const third = await on(0, enrolment).call('AdicionaAluno', [place], { sessao: second.sessao! });
      expect(third).toMatchObject({ code: status.OK, replies: [{ status: 0 }] });
      const detail = await on(1, enrolment).call('DetalhaDisciplina', [{ id: 'SD2024' }], {
        sessao: third.sessao!,
      });
      expect(detail).toMatchObject({ code: status.OK, replies: [{ alunos: [aluno] }] });

      pair.network.split = true;
      const edited = await on(0, admin).call('EditaAluno', [{ ...aluno, nome: 'Maria Silva' }], {
        ...{ confirmacao, prazo: 100, sessao: detail.sessao! },
      });
      expect(edited).toMatchObject({ code: status.DEADLINE_EXCEEDED, replies: [] });
      expect(edited.erro).toContain('CONFIRMACAO_PARCIAL');
      const ahead = { sessao: edited.sessao!, deadlineMs: 500 };
      for (const [service, name, request] of [
        [admin, 'ObtemAluno', { id: '2024001' }],
        [admin, 'ObtemTodosAlunos', {}],
        [enrolment, 'ObtemDisciplinasAluno', { id: '2024001' }],
      ] as const) {
        const refused = await on(1, service).call(name, [request], ahead);
        expect(refused, name).toMatchObject({ code: status.UNAVAILABLE, replies: [] });
      }
      const here = await on(0, admin).call('ObtemAluno', [{ id: '2024001' }], ahead);
      expect(here).toMatchObject({ replies: [{ nome: 'Maria Silva' }] });
    });

    it('are nothing to a query', async () => {
      await a.insere('chave', 'valor');
      pair.network.split = true;
      expect(await a.consulta('chave', { confirmacao: 2 })).toMatchObject({
        code: 0,
        replies: [{ versao: 1 }],
      });
    });
  });

  it('is refused by an engine that cannot', async () => {
    const stand = await openStandOn(new MemoryEngine());
    const client = new TermsClient(stand.doors.port);
    expect(await client.insere('chave', 'valor', { confirmacao: 1 })).toMatchObject({
      code: status.UNIMPLEMENTED,
    });
    expect(await client.consulta('chave', { sessao: 'nova' })).toMatchObject({ code: status.UNIMPLEMENTED });
    client.close();
    await stand.close();
  });
});
