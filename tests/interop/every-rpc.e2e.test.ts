import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/net.js';
import { runKvs, ServerProcess } from '../support/server-process.js';
import { installedLibraries } from './clients.js';
import type { Caller, CallOrder, Outcome } from './clients.js';
import { described } from './described.js';
import type { Described } from './described.js';
import { everyLojaRpc } from './loja-rpcs.js';

const OK = 0;
const CANCELLED = 1;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

const libraries = installedLibraries();

describe.each([
  ['plain', false],
  ['TLS', true],
])('every RPC of a real server, %s', (_, secure) => {
  let folder: string;
  let server: ServerProcess;
  let ca: string | undefined;
  let known: Described;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvs-interop-'));
    const args = [
      '--broker-local',
      `127.0.0.1:${await freePort()}`,
      '--portal',
      'admin,matricula',
      '--laboratorio',
    ];
    if (secure) {
      expect(await runKvs(['certificados', folder]).ended).toBe(0);
      ca = join(folder, 'ca.pem');
      args.push('--tls-certificado', join(folder, 'servidor.pem'));
      args.push('--tls-chave', join(folder, 'servidor-chave.pem'));
    }
    const security = ca === undefined ? undefined : { ca: await readFile(ca) };
    const fleet = `interop-${String(secure)}`;
    server = await ServerProcess.start({ fleet, args, ...(security && { security }) });
    await server.ready();
    known = await described(server.port, security?.ca);
  }, 90_000);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(libraries)('$name', (library) => {
    let caller: Caller;
    const called = new Set<string>();
    /** Keys of this client alone. */
    const key = (name: string): string => `${library.name}/${name}`;
    const call = (rpc: string, ...requests: object[]): Promise<Outcome> => ask({ rpc, requests });
    const ask = (order: CallOrder): Promise<Outcome> => {
      called.add(order.rpc);
      return caller.call(order);
    };
    const answers = async (rpc: string, ...requests: object[]): Promise<Outcome['answers']> => {
      const outcome = await call(rpc, ...requests);
      expect(outcome).toMatchObject({ code: OK, details: '' });
      return outcome.answers;
    };
    const reason = ({ trailers }: Outcome): string => decodeURIComponent(trailers['kvs-erro'] ?? '');

    beforeAll(async () => {
      caller = await library.open({ descriptors: known.descriptors, port: server.port, ca });
    }, 90_000);
    afterAll(() => caller.close());

    it('kvs.KVS', async () => {
      const [chave, valor] = [key('chave çãé €😀'), 'valor açaí 日本'];
      expect(await answers('/kvs.KVS/Insere', { chave, valor })).toEqual([{ versao: 1 }]);
      expect(await answers('/kvs.KVS/Insere', { chave, valor: 'outro' })).toEqual([{ versao: 2 }]);
      expect(await answers('/kvs.KVS/Consulta', { chave, versao: 1 })).toEqual([{ chave, valor, versao: 1 }]);
      expect(await answers('/kvs.KVS/Consulta', { chave })).toMatchObject([{ versao: 2 }]);
      expect(await answers('/kvs.KVS/Remove', { chave, versao: 1 })).toEqual([{ versao: 1 }]);
      const missing = await call('/kvs.KVS/Consulta', { chave: key('não há') });
      expect(missing).toMatchObject({ code: OK, answers: [{ chave: '', valor: '', versao: 0 }] });
      expect(reason(missing)).toMatch(/^CHAVE_INEXISTENTE: .*não/);
      expect(missing.initial['grpc-accept-encoding'] ?? 'identity').toBe('identity');
      const many = Array.from({ length: 3000 }, (_value, i) => key(`muitas ${i}`));
      const inserted = await answers(
        '/kvs.KVS/InsereVarias',
        ...many.map((each) => ({ chave: each, valor })),
      );
      expect(inserted).toEqual(many.map(() => ({ versao: 1 })));
      const read = await call('/kvs.KVS/ConsultaVarias', { chave: many[0] }, { chave: 'nada' }, { chave });
      expect(read.answers).toMatchObject([{ versao: 1 }, { versao: 0 }, { versao: 2 }]);
      expect(reason(read)).toBe('1:CHAVE_INEXISTENTE');
      const inTurn = await ask({
        ...{ rpc: '/kvs.KVS/InsereVarias', inTurn: true },
        requests: [1, 2, 3].map((i) => ({ chave: key('por vez'), valor: `valor ${i}` })),
      });
      expect(inTurn).toMatchObject({ code: OK, answers: [{ versao: 1 }, { versao: 2 }, { versao: 3 }] });
      const all = await answers('/kvs.KVS/Snapshot', { versao: 0 });
      expect(all.filter(({ chave: each }) => String(each).startsWith(key('')))).toHaveLength(3002);
      const removed = await answers('/kvs.KVS/RemoveVarias', ...many.map((each) => ({ chave: each })));
      expect(removed).toEqual(many.map(() => ({ versao: 0 })));
    });

    it.each(['KeyValueStore', 'project.KeyValueStore'])('%s', async (service) => {
      const rpc = (name: string): string => `/${service}/${name}`;
      const [a, b, c] = ['a', 'b', 'c'].map((name) => key(`${service}/${name}`)) as [string, string, string];
      const [first] = await answers(rpc('Put'), { key: a, val: 'um' });
      expect(first).toMatchObject({ key: a, old_val: '', old_ver: '0' });
      const [second] = await answers(rpc('Put'), { key: a, val: 'dois' });
      expect(second).toMatchObject({ old_val: 'um', old_ver: first?.['ver'] });
      expect(await answers(rpc('Get'), { key: a, ver: first?.['ver'] })).toMatchObject([{ val: 'um' }]);
      expect(await answers(rpc('Get'), { key: a })).toEqual([{ key: a, val: 'dois', ver: second?.['ver'] }]);
      const more = await answers(rpc('PutAll'), { key: b, val: 'b' }, { key: c, val: 'c' });
      expect(more).toMatchObject([{ key: b }, { key: c }]);
      const all = await answers(rpc('GetAll'), { key: c }, { key: 'nada' }, { key: a });
      expect(all).toMatchObject([{ val: 'c' }, { val: '', ver: '0' }, { val: 'dois' }]);
      const range = { fr: { key: a }, to: { key: c } };
      expect(await answers(rpc('GetRange'), range)).toMatchObject([{ key: a }, { key: b }, { key: c }]);
      expect(await answers(rpc('Trim'), { key: a })).toMatchObject([{ val: 'dois' }]);
      expect(await answers(rpc('Get'), { key: a, ver: first?.['ver'] })).toMatchObject([{ val: '' }]);
      expect(await answers(rpc('Del'), { key: a })).toMatchObject([{ key: a, val: 'dois' }]);
      expect(await answers(rpc('DelAll'), { key: b })).toMatchObject([{ val: 'b' }]);
      expect(await answers(rpc('DelRange'), range)).toMatchObject([{ key: c, val: 'c' }]);
    });

    it('kvs.Copia', async () => {
      const row = { chave: key('cópia'), valor: 'valor', versao: 3, ts: '1700000000000', expira: '0' };
      expect(await answers('/kvs.Copia/Importa', row, row)).toEqual([
        { versao: 3, situacao: 'GRAVADA' },
        { versao: 3, situacao: 'JA_EXISTIA' },
      ]);
      const exported = await answers('/kvs.Copia/Exporta', {});
      expect(exported.filter(({ chave }) => chave === row.chave)).toEqual([row]);
    });

    it('kvstore.KvStore', async () => {
      const put = { key: key('vetor'), value: 'valor' };
      expect(await answers('/kvstore.KvStore/Put', put)).toEqual([{ success: true, error_message: '' }]);
      const [got] = await answers('/kvstore.KvStore/Get', { key: put.key });
      expect(got).toMatchObject({ versions: [{ value: 'valor' }], error_message: '' });
    });

    it('frota.v1.Loja', () =>
      everyLojaRpc({ ask, key, port: server.port, fleet: `interop-${String(secure)}` }));

    it('frota.Frota', async () => {
      const [list] = await answers('/frota.Frota/Servidores', {});
      expect(list).toEqual({
        servidores: [{ endereco: expect.stringContaining(String(server.port)) as string, atendendo: true }],
      });
    });

    it('kvs.Laboratorio', async () => {
      const [isolated] = await answers('/kvs.Laboratorio/Isola', { por_s: 60 });
      expect(isolated).toEqual({ isolado: true, ate_ms: expect.stringMatching(/^\d{13}$/) as string });
      expect(await answers('/kvs.Laboratorio/Liga', {})).toEqual([{ isolado: false, ate_ms: '0' }]);
      await eventually('it has its broker again', async () => {
        const [{ broker = '' } = {}] = await answers('/frota.v1.Loja/Estado', {});
        return broker !== '';
      });
      const faults = { entrada_por_mil: 0, saida_por_mil: 0, relogio_ms: '-1500' };
      expect(await answers('/kvs.Laboratorio/Adianta', { ms: '-1500' })).toEqual([faults]);
      expect(await answers('/kvs.Laboratorio/Perde', {})).toEqual([faults]);
      expect(await answers('/kvs.Laboratorio/Adianta', {})).toEqual([{ ...faults, relogio_ms: '0' }]);
      const trace = await ask({ rpc: '/kvs.Laboratorio/Rastreia', requests: [{}], cancelAfter: 1 });
      // Whatever its server sends or hears first from then on.
      const told = { numero: '1', que: expect.stringMatching(/^(envia|recebe)$/) as string };
      expect(trace).toMatchObject({ code: CANCELLED, answers: [told] });
    });

    it('project.PortalAdministrativo and project.PortalMatricula', async () => {
      const admin = (name: string, request: object = {}) =>
        answers(`/project.PortalAdministrativo/${name}`, request);
      const enrol = (name: string, request: object) => answers(`/project.PortalMatricula/${name}`, request);
      const done = [{ status: 0, msg: '' }];
      const [aluno, professor, disciplina] = [
        { matricula: key('aluno'), nome: 'João Conceição' },
        { siape: key('siape'), nome: 'Vó Íris' },
        { sigla: key('sigla'), nome: 'Sistemas distribuídos', vagas: 2 },
      ];
      const [doAluno, doProfessor] = [aluno.matricula, professor.siape].map((idPessoa) => ({
        ...{ disciplina: disciplina.sigla, idPessoa },
      })) as [object, object];
      expect(await admin('NovoAluno', aluno)).toEqual(done);
      expect(await admin('NovoProfessor', professor)).toEqual(done);
      expect(await admin('NovaDisciplina', disciplina)).toEqual(done);
      const twice = await call('/project.PortalAdministrativo/NovoAluno', aluno);
      expect(twice).toMatchObject({ code: OK, answers: [{ status: 1 }] });
      expect(reason(twice)).toMatch(/^CADASTRO_EXISTENTE/);
      expect(await admin('EditaAluno', aluno)).toEqual(done);
      expect(await admin('EditaProfessor', professor)).toEqual(done);
      expect(await admin('EditaDisciplina', disciplina)).toEqual(done);
      expect(await admin('ObtemAluno', { id: aluno.matricula })).toEqual([aluno]);
      expect(await admin('ObtemProfessor', { id: professor.siape })).toEqual([professor]);
      expect(await admin('ObtemDisciplina', { id: disciplina.sigla })).toEqual([disciplina]);
      expect(await admin('ObtemTodosAlunos')).toContainEqual(aluno);
      expect(await admin('ObtemTodosProfessores')).toContainEqual(professor);
      expect(await admin('ObtemTodasDisciplinas')).toContainEqual(disciplina);
      expect(await enrol('AdicionaProfessor', doProfessor)).toEqual(done);
      expect(await enrol('AdicionaAluno', doAluno)).toEqual(done);
      const report = [{ disciplina, professor, alunos: [aluno] }];
      expect(await enrol('DetalhaDisciplina', { id: disciplina.sigla })).toEqual(report);
      expect(await enrol('ObtemDisciplinasProfessor', { id: professor.siape })).toEqual(report);
      const summary = [{ disciplina, professor, totalAlunos: 1 }];
      expect(await enrol('ObtemDisciplinasAluno', { id: aluno.matricula })).toEqual(summary);
      expect(await enrol('RemoveAluno', doAluno)).toEqual(done);
      expect(await enrol('RemoveProfessor', doProfessor)).toEqual(done);
      expect(await admin('RemoveAluno', { id: aluno.matricula })).toEqual(done);
      expect(await admin('RemoveProfessor', { id: professor.siape })).toEqual(done);
      expect(await admin('RemoveDisciplina', { id: disciplina.sigla })).toEqual(done);
    });

    it('grpc.health.v1.Health', async () => {
      const serving = [{ status: 'SERVING' }];
      expect(await answers('/grpc.health.v1.Health/Check', {})).toEqual(serving);
      expect(await answers('/grpc.health.v1.Health/Check', { service: 'kvs.KVS' })).toEqual(serving);
      const unknown = await call('/grpc.health.v1.Health/Check', { service: 'ninguém' });
      expect(unknown).toMatchObject({ code: NOT_FOUND, details: 'este servidor não tem este nome de saúde' });
      expect(JSON.stringify(await answers('/grpc.health.v1.Health/List', {}))).toContain('"kvs.frota"');
      const watch = await ask({ rpc: '/grpc.health.v1.Health/Watch', requests: [{}], cancelAfter: 1 });
      expect(watch).toMatchObject({ code: CANCELLED, answers: serving });
    });

    it.each(['v1', 'v1alpha'])('grpc.reflection.%s', async (version) => {
      const rpc = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      const asked = await ask({
        ...{ rpc, inTurn: true },
        requests: [
          { list_services: '' },
          { file_containing_symbol: 'kvs.KVS' },
          { file_by_filename: 'nada' },
        ],
      });
      expect(asked).toMatchObject({
        code: OK,
        answers: [
          { list_services_response: { service: known.services.map((name) => ({ name })) } },
          {
            file_descriptor_response: {
              file_descriptor_proto: [expect.stringMatching(/^[\w+/]+=*$/) as string],
            },
          },
          { error_response: { error_code: NOT_FOUND, error_message: 'este servidor não tem nada' } },
        ],
      });
    });

    it('refuses with a status, its message and its trailers', async () => {
      const refused = await call('/KeyValueStore/Put', { key: 'é'.repeat(40_000), val: 'valor' });
      expect(refused).toMatchObject({ code: INVALID_ARGUMENT, answers: [] });
      expect(reason(refused)).toBe(`CHAVE_LONGA: ${refused.details}`);
      const nobody = await caller.call({ rpc: '/kvs.KVS/Nada', as: 'kvs.KVS/Insere', requests: [{}] });
      expect(nobody).toMatchObject({
        code: UNIMPLEMENTED,
        details: 'este servidor não tem a operação /kvs.KVS/Nada',
        answers: [],
      });
      const compressed = await caller.call({
        ...{ rpc: '/kvs.KVS/Insere', compressed: true },
        requests: [{ chave: key('comprimida'), valor: 'x'.repeat(5000) }],
      });
      expect(compressed).toMatchObject({
        code: UNIMPLEMENTED,
        details: expect.stringContaining('comprimidos') as string,
      });
    });

    it('ends streams that the client cancels, and goes on', async () => {
      const requests = Array.from({ length: 2000 }, (_value, i) => ({
        chave: key('fim'),
        valor: `valor ${i}`,
      }));
      const stream = await caller.call({ rpc: '/kvs.KVS/InsereVarias', requests, cancelAfter: 5 });
      expect(stream.code).toBe(CANCELLED);
      const rows = await caller.call({ rpc: '/kvs.KVS/Snapshot', requests: [{}], cancelAfter: 1 });
      expect(rows.code === OK && rows.answers.length > 1 ? CANCELLED : rows.code).toBe(CANCELLED);
      const order = { rpc: '/kvs.KVS/ConsultaVarias', requests: [{ chave: key('fim') }] };
      const held = caller.hold({ ...order, held: true });
      await eventually('an answer', () => held.answered() === 1);
      held.release();
      expect(await held.outcome).toMatchObject({ code: OK, answers: [{ chave: key('fim') }] });
    });

    it('is called for every RPC that the server describes', () => {
      const loaded = loadFileDescriptorSetFromBuffer(known.descriptors);
      const declared = known.services.flatMap((service) =>
        Object.keys(loaded[service] ?? {}).map((name) => `/${service}/${name}`),
      );
      expect([...called].sort()).toEqual(declared.sort());
      expect(declared.length).toBeGreaterThan(50);
    });
  });

  it('tells open streams of all of them that the server leaves', async () => {
    const callers = await Promise.all(
      libraries.map((library) => library.open({ descriptors: known.descriptors, port: server.port, ca })),
    );
    const held = callers.map((caller) =>
      caller.hold({ rpc: '/kvs.KVS/ConsultaVarias', requests: [{ chave: 'chave' }], held: true }),
    );
    const watches = callers.map((caller) =>
      caller.hold({ rpc: '/grpc.health.v1.Health/Watch', requests: [{}], held: true }),
    );
    await eventually('answers', () => [...held, ...watches].every((call) => call.answered() === 1));
    await server.stop();
    for (const { outcome } of held) {
      expect(await outcome).toMatchObject({
        ...{ code: UNAVAILABLE, answers: [{ versao: 0 }] },
        details: 'o servidor está saindo; o que não foi respondido não foi feito',
      });
    }
    for (const { outcome } of watches) {
      expect(await outcome).toMatchObject({
        ...{ code: UNAVAILABLE, details: 'o servidor está saindo' },
        answers: [{ status: 'SERVING' }, { status: 'NOT_SERVING' }],
      });
    }
    await Promise.all(callers.map((caller) => caller.close()));
  });
});
