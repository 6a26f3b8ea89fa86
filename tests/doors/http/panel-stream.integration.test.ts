import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { httpLimits } from '../../../src/doors/http/limits.js';
import type { PanelEvent } from '../../../src/ports/panel.js';
import type { Time } from '../../../src/ports/time.js';
import { accessControl } from '../../../src/security/access/control.js';
import { credential, fileOf, secretOf, TableStand } from '../../security/access/support.js';
import { tokenText } from '../../../src/ports/access.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { HttpClient, problemIn } from '../../support/http-client.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { PanelStand } from '../../support/panel-stand.js';
import { PanelStream } from '../../support/panel-stream.js';
import { realTime } from '../../support/real-time.js';

const FASTER = 50;
const fast: Time = { ...realTime, after: (ms, call) => realTime.after(ms / FASTER, call) };

let doors: Doors;
let stand: PanelStand;
const streams: PanelStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await doors.stop(0);
});

async function open(more: Partial<Parameters<typeof startDoors>[0]> = {}): Promise<void> {
  stand = new PanelStand(more.time ?? realTime).connect();
  const options = { port: 0, engine: new MemoryEngine(), engineHealth: 'e', time: realTime };
  doors = await startDoors({ ...options, logger: new RecordingLogger(), panel: stand.panel, ...more });
}

function look(token?: string): PanelStream {
  const stream = PanelStream.open(doors.port, token);
  streams.push(stream);
  return stream;
}

const tokenOf = (name: string): string => tokenText(name, secretOf(name));
const pictured = (stream: PanelStream): Promise<unknown> => eventually('a picture', () => stream.picture);

describe('the stream of a panel', () => {
  it('says who is there, what happened, and how everything is', async () => {
    await open({ time: fast });
    stand.log.over(new RecordingLogger(), false).info({ a: 1 }, 'antes');
    const stream = look();
    await eventually('pictures', () => stream.pictures.length >= 3);
    expect(stream.lines.slice(0, 3).map(({ tipo }) => tipo)).toEqual(['inicio', 'eventos', 'quadro']);
    expect(stream.start).toMatchObject({
      servidor: { nome: 'a', endereco: 'a:1', motor: 'frota' },
      quem: {
        com_credenciais: false,
        papel: null,
        prefixos: [''],
        le: true,
        escreve: true,
        administra: true,
      },
      capacidades: { observa: true },
      intervalo_ms: 1_000,
    });
    expect(stream.events).toMatchObject([{ n: 1, mensagem: 'antes', fonte: 'log', campos: '{"a":1}' }]);
    expect(stream.picture).toMatchObject({
      servidores: [{ nome: 'a', eu: true, ouve: null }],
      dados: { chaves: 1, versoes: 2, bytes: 3 },
      limites: [{ nome: 'versoes', chave: 'segredo/k', usado: 9, maximo: 10, recusados: 1 }],
      saude: [{ nome: 'servidor', bem: true }],
      porta: { conexoes: 1, observacoes: 3, paineis: 1 },
      ...{ replicacao: null, consenso: null, lider: null, laboratorio: null, broker: null },
    });
  });

  it('goes to whoever is known: the log and the names of keys to administrators alone', async () => {
    const roles = ['leitura', 'escrita', 'administracao', 'servidor'] as const;
    const people = await Promise.all(
      roles.map((role) => credential(role, role, role === 'leitura' ? ['a/'] : [])),
    );
    await open({ access: accessControl(new TableStand(...people).table) });
    stand.log.over(new RecordingLogger(), false).info({}, 'do log');
    stand.log.add('info', 'do estado', {}, 'estado' satisfies PanelEvent['source']);
    for (const role of roles) {
      const stream = look(tokenOf(role));
      await pictured(stream);
      const administra = role === 'administracao';
      expect(stream.start?.quem).toMatchObject({
        ...{ com_credenciais: true, nome: role, papel: role, administra },
        ...{ le: role !== 'servidor', escreve: administra || role === 'escrita' },
      });
      if (role === 'leitura') expect(stream.start?.quem.prefixos).toEqual(['a/']);
      expect(stream.events.map(({ mensagem }) => mensagem)).toEqual(
        administra ? ['do log', 'do estado'] : ['do estado'],
      );
      expect(stream.picture?.limites[0]?.chave).toBe(administra ? 'segredo/k' : '');
    }
    for (const token of [undefined, tokenText('leitura', secretOf('outra'))]) {
      const stranger = look(token);
      await eventually('a refusal', () => stranger.isEnded);
      expect([stranger.status, stranger.picture]).toEqual([401, undefined]);
    }
  });

  it('ends, with the reason, when its credential is revoked', async () => {
    const table = new TableStand(await credential('bia', 'leitura'));
    await open({ access: accessControl(table.table), time: fast });
    const stream = look(tokenOf('bia'));
    await pictured(stream);
    table.table.replace(fileOf());
    await eventually('the end', () => stream.isEnded);
    expect(stream.endCode).toBe('NAO_AUTENTICADO');
    await eventually('nobody to look', () => stand.rests === 1);
  });

  it('ends, with the reason, when the server leaves', async () => {
    await open();
    const stream = look();
    await pictured(stream);
    await doors.stop(5_000);
    await eventually('the end', () => stream.isEnded);
    expect(stream.endCode).toBe('SERVIDOR_SAINDO');
    expect(stand.rests).toBe(1);
  });

  it('makes nothing any more once its reader has gone', async () => {
    await open({ time: fast });
    const stream = look();
    await pictured(stream);
    stream.close();
    await eventually('nobody to look', () => stand.rests === 1);
  });

  it('is cut where its reader takes nothing, and holds no more for it meanwhile than one picture', async () => {
    const outcomes: string[] = [];
    await open({ time: fast, observe: (_call, outcome) => void outcomes.push(outcome) });
    stand.engine = { ...stand.engine, warnings: ['x'.repeat(1_000_000)] };
    const { looks } = stand;
    const socket = connect(doors.port, '127.0.0.1');
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.write(`GET /v1/painel HTTP/1.1\r\nHost: localhost:${doors.port}\r\n\r\n`);
    socket.pause();
    await eventually('nobody to look', () => stand.rests === 1);
    await eventually('its outcome', () => outcomes.length === 1);
    expect(outcomes).toEqual(['LEITOR_LENTO']);
    const made = looks.length;
    socket.resume();
    await ended;
    // What was on its way when it was cut: a few pictures in the buffers of the system, of the many that were made.
    expect(socket.bytesRead).toBeLessThan(10_000_000);
    expect(made).toBeGreaterThan(5);
  });

  it('is there so many times, and no more', async () => {
    await open();
    for (let at = 0; at < httpLimits.panelStreams; at++) look();
    await eventually('all', () => streams.every(({ picture }) => picture !== undefined));
    const client = new HttpClient(doors.port, '1.1');
    const refused = await client.get('/v1/painel');
    expect([problemIn(refused), refused.headers['retry-after']]).toEqual([[503, 'LIMITE_PEDIDOS'], '1']);
    expect(stand.looks.length).toBeLessThan(10);
    streams[0]?.close();
    await eventually('room', async () => (await client.ask('HEAD', '/v1/painel')).status === 200);
    client.close();
  });

  it('is not there on a server without a panel, nor for a page of another origin', async () => {
    await open({ panel: undefined });
    const client = new HttpClient(doors.port, '2');
    expect(problemIn(await client.get('/v1/painel'))).toEqual([501, 'NAO_SUPORTADO']);
    expect(problemIn(await client.get('/v1/painel', { 'sec-fetch-site': 'cross-site' }))).toEqual([
      ...[403, 'NAO_AUTORIZADO'],
    ]);
    expect(problemIn(await client.get('/v1/painel?x=1'))).toEqual([400, 'PEDIDO_INVALIDO']);
    client.close();
  });
});
