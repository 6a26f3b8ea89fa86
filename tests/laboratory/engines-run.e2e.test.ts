import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../src/laboratory/recording.js';
import { ensureBuilt, root } from '../support/e2e-build.js';
import { eventually } from '../support/eventually.js';
import { LabProcess } from './lab-process.js';

beforeAll(ensureBuilt, 240_000);

const run = promisify(execFile);

function changesOf(events: readonly RecordedEvent[], host: string): string[] {
  return events.flatMap((event) => (event.kind === 'host' && event.host === host ? [event.change] : []));
}

/** Every message that arrived at a host, by its type and where it came from. */
function arrivals(events: readonly RecordedEvent[], host: string): string[] {
  const sent = new Map(
    events.flatMap((event) => (event.kind === 'sent' ? [[event.message, event] as const] : [])),
  );
  return events.flatMap((event) => {
    if (event.kind !== 'received' || event.host !== host) return [];
    const message = sent.get(event.message)!;
    return [`${message.type} ${message.host}`];
  });
}

/** Processes whose command line has this text. */
async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(text));
}

describe('a run on another engine', () => {
  it.concurrent(
    'consensus: who is cut off has no majority, a killed machine comes back with its data',
    async () => {
      const lab = await LabProcess.start('--motor', 'consenso');
      expect(await lab.call('n1', 'insert', 'cor', { valor: 'branco' })).toMatchObject({ code: 'OK' });
      await lab.act('isola', { servidor: 'n2' });
      expect(await lab.call('n2', 'insert', 'cor', { valor: 'verde' })).toMatchObject({
        code: 'SEM_MAIORIA',
      });
      await eventually(
        'the others go on',
        async () => {
          expect(await lab.call('n1', 'insert', 'cor', { valor: 'azul' })).toMatchObject({ code: 'OK' });
          return true;
        },
        60_000,
      );
      await lab.act('liga', { servidor: 'n2' });
      await eventually(
        'it reads what the others wrote',
        async () => {
          expect((await lab.call('n2', 'query', 'cor')).lines).toMatchObject([{ value: 'azul' }]);
          return true;
        },
        60_000,
      );
      await lab.act('mata', { servidor: 'n3' });
      expect(JSON.parse(await lab.get('/v1/situacao'))).toMatchObject({
        ...{ motor: 'consenso', servidores: [{ id: 'n1' }, { id: 'n2' }, { id: 'n3', estado: 'parado' }] },
      });
      await lab.act('inicia', { servidor: 'n3' });
      expect((await lab.call('n3', 'query', 'cor')).lines).toMatchObject([{ value: 'azul' }]);
      const { recording } = await lab.stop();
      const { events, header } = recording;
      expect(header.hosts.map(({ id }) => id)).toEqual([
        'n1',
        'n2',
        'n3',
        'bd1',
        'bd2',
        'bd3',
        'c1',
        'c2',
        'c3',
      ]);
      expect(changesOf(events, 'bd2')).toEqual(expect.arrayContaining(['started', 'isolated', 'connected']));
      expect(changesOf(events, 'bd3')).toEqual(expect.arrayContaining(['started', 'killed', 'started']));
      expect(arrivals(events, 'bd1')).toContain('Txn n1');
      expect(arrivals(events, 'n1')).toContain('Txn bd1');
      // Servers ask only the replica beside them.
      expect(arrivals(events, 'bd1').filter((one) => !one.endsWith(' n1'))).toEqual([]);
    },
    240_000,
  );

  it.concurrent(
    'leader: a write waits for all, and is known to all once they are together',
    async () => {
      const lab = await LabProcess.start('--motor', 'lider');
      // What arrives is told from a moment after the start on.
      const hears = (message: string): Promise<boolean> =>
        lab.until(message, () => arrivals(lab.events, 'n1').includes(message));
      await hears('PONG n2');
      expect(await lab.call('n2', 'insert', 'cor', { valor: 'branco' })).toMatchObject({ code: 'OK' });
      await lab.act('isola', { servidor: 'n3' });
      expect(await lab.call('n1', 'insert', 'cor', { valor: 'azul' })).toMatchObject({
        code: 'SEM_RESPOSTA',
      });
      await lab.act('liga', { servidor: 'n3' });
      await eventually(
        'the third has it too',
        async () => {
          expect((await lab.call('n3', 'query', 'cor')).lines).toMatchObject([{ value: 'azul' }]);
          return true;
        },
        60_000,
      );
      await expect(lab.act('perde', { servidor: 'n3', por_mil: 10 })).rejects.toThrow('NAO_SUPORTADO');
      await hears('PONG n3');
      // Another engine from here on: another recording.
      const { events } = lab;
      await lab.act('motor', { motor: 'frota' });
      await lab.until('another recording', () => lab.header?.engine === 'frota');
      await lab.stop();
      expect(existsSync(lab.file.replace('.jsonl', '-2.jsonl'))).toBe(true);
      expect(changesOf(events, 'n1')[0]).toBe('leads');
      expect(changesOf(events, 'n3')).toEqual(expect.arrayContaining(['isolated', 'connected']));
      expect(arrivals(events, 'n1')).toEqual(
        expect.arrayContaining(['OPERATION n2', 'REPLICATION_OK n2', 'PONG n3']),
      );
      expect(arrivals(events, 'n3')).toEqual(expect.arrayContaining(['REPLICATION n1', 'PING n1']));
      // Over TCP everything arrives: but for what was on its way when a connection was cut.
      const sent = events.filter((event) => event.kind === 'sent');
      const received = new Set(events.flatMap((event) => (event.kind === 'received' ? [event.message] : [])));
      expect(sent.filter(({ message }) => !received.has(message)).length).toBeLessThan(sent.length / 4);
    },
    240_000,
  );
});

describe('whatever ends it, nothing is left behind', () => {
  it('not where another engine is chosen while the servers of the first are starting', async () => {
    const lab = await LabProcess.begin();
    const first = await lab.until('a recording', () => lab.header);
    const doors = (): string[] =>
      (lab.header?.hosts ?? [])
        .filter(({ kind }) => kind === 'server')
        .map(({ address }) => address.split(':')[1]!);
    const before = doors();
    await lab.act('motor', { motor: 'lider' });
    await lab.until('the other recording', () => lab.header !== first && lab.header?.engine === 'lider');
    for (const door of before) expect(await processesWith(`servidor ${door} `)).toEqual([]);
    const now = doors();
    for (const door of now) expect(await processesWith(`servidor ${door} `)).toHaveLength(1);
    expect(lab.said.match(/os três servidores atendem/g)).toHaveLength(1);
    lab.child.kill('SIGTERM');
    expect(await lab.ended).toBe(0);
    for (const door of now) expect(await processesWith(`servidor ${door} `)).toEqual([]);
  }, 120_000);

  it('not after SIGKILL either: servers, replicas, their folder', async () => {
    const lab = await LabProcess.start('--motor', 'consenso');
    const addressOf = (host: string): string =>
      lab.header?.hosts.find(({ id }) => id === host)?.address ?? '';
    const [, door = ''] = addressOf('n1').split(':');
    const [replica = ''] = await processesWith(`--listen-client-urls http://${addressOf('bd1')} `);
    const [, folder = ''] = /--data-dir (\S+)\/replicas/.exec(replica) ?? [];
    expect(existsSync(folder)).toBe(true);
    expect(await processesWith(`servidor ${door} `)).toHaveLength(1);
    lab.child.kill('SIGKILL');
    await lab.ended;
    await eventually(
      'all have left',
      async () => {
        expect(await processesWith(`servidor ${door} `)).toEqual([]);
        expect(await processesWith(folder)).toEqual([]);
        expect(existsSync(folder)).toBe(false);
        return true;
      },
      30_000,
    );
    // The recording is whole up to the last moment, and goes on without servers.
    const kvs = join(root, 'bin/kvs');
    await run(process.execPath, [
      kvs,
      'laboratorio',
      'exporta',
      lab.file,
      '--svg',
      '--saida',
      `${lab.file}.svg`,
    ]);
    expect(await readFile(`${lab.file}.svg`, 'utf8')).toContain('réplica bd1');
    const { stdout } = await run(process.execPath, [kvs, 'laboratorio', 'exporta', lab.file, '--shiviz']);
    expect(stdout).toMatch(/^bd1 \{"bd1":1\}\nbd1 foi iniciado$/m);
    const wrong = run(process.execPath, [kvs, 'laboratorio', 'exporta', `${lab.file}.svg`, '--shiviz']);
    await expect(wrong).rejects.toMatchObject({
      stderr: expect.stringContaining('não é uma gravação') as string,
    });
  }, 240_000);
});
