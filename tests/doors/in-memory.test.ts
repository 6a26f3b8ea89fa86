import { describe, expect, it } from 'vitest';
import { keyValueOperations } from '../../src/doors/grpc/keyvalue/operations.js';
import { kvsOperations } from '../../src/doors/grpc/kvs/operations.js';
import { adminOperations, enrolmentOperations } from '../../src/doors/grpc/portal/operations.js';
import { PortalApplication } from '../../src/portal/portal.js';
import { MemoryDoor } from '../support/memory-call.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { realRandom, realTime } from '../support/real-time.js';

/** Services as values: what they offer is called without a port, a socket or a byte on a wire. */

const key = (text: string) => ({ key: text, keyBytes: Buffer.byteLength(text) });
const named = (text: string, version = 0) => ({ ...key(text), version });
const pair = (text: string, value: string) => ({ ...key(text), value, valueBytes: Buffer.byteLength(value) });

describe('a service called in memory', () => {
  it('kvs.KVS and KeyValueStore show the same data', async () => {
    const door = new MemoryDoor(new MemoryEngine());
    const kvs = kvsOperations(3);
    const keyValue = keyValueOperations();
    expect(door.askNow(kvs.insert, pair('çáé', 'primeiro'))?.answer).toBe(1);
    expect(door.askNow(kvs.insert, pair('ç', 'primeiro'))?.trailers?.error).toMatch(/^CHAVE_CURTA: /);
    const { oldValue, version } = door.askNow(keyValue.put, pair('çáé', 'segundo'))!.answer!;
    expect(oldValue).toBe('primeiro');
    expect(door.askNow(keyValue.get, named('çáé'))?.answer).toEqual({
      key: 'çáé',
      value: 'segundo',
      version,
    });
    expect(door.askNow(kvs.query, named('çáé', 1))?.answer).toMatchObject({ value: 'primeiro' });
    expect((await door.rows(keyValue.getRange, { from: named('a'), to: named('ÿ') })).answer).toHaveLength(1);
    expect(door.askNow(keyValue.trim, named('çáé'))?.answer).toMatchObject({ value: 'segundo' });
    expect(door.askNow(keyValue.del, named('çáé'))?.answer).toMatchObject({ value: 'segundo' });
    expect((await door.rows(kvs.snapshot, { version: 0 })).answer).toEqual([
      { key: '', value: '', version: 0 },
    ]);
  });

  it('the portal enrols, and says why when it does not', async () => {
    const engine = new MemoryEngine();
    const door = new MemoryDoor(engine);
    const portal = new PortalApplication({ engine, origin: 'o1', time: realTime, random: realRandom });
    const admin = adminOperations(portal);
    const enrolment = enrolmentOperations(portal);
    const aluno = { matricula: '11921BSI209', nome: 'Maria' };
    const disciplina = { sigla: 'GBC074', nome: 'Sistemas', vagas: 0 };
    expect((await door.ask(admin.NovoAluno, aluno)).answer).toEqual({ refusal: undefined });
    expect((await door.ask(admin.NovaDisciplina, disciplina)).answer).toEqual({ refusal: undefined });
    expect((await door.rows(admin.ObtemTodosAlunos, {})).answer).toEqual([aluno]);
    const full = await door.ask(enrolment.AdicionaAluno, { sigla: 'GBC074', person: aluno.matricula });
    expect(full.answer?.refusal).not.toBe('');
    expect(full.trailers?.error).toMatch(/^DISCIPLINA_LOTADA: /);
    expect((await door.ask(admin.ObtemAluno, 'ninguem')).answer).toBeUndefined();
    expect(door.outcomes).toEqual(['grpc teste DISCIPLINA_LOTADA 1', 'grpc teste OK 4']);
  });
});
