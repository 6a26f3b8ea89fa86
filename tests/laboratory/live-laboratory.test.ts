import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KvsClient } from '../../src/client/client.js';
import type { Course } from '../../src/client/follow.js';
import type { RecordedHost } from '../../src/laboratory/recording.js';
import { FaultDoor } from '../../src/supervisor/faults.js';
import type { TraceLine } from '../../src/supervisor/faults.js';
import type { FleetGroupListener } from '../../src/supervisor/fleet-group.js';
import { LiveLaboratory } from '../../src/supervisor/laboratory.js';
import { Recorder } from '../../src/supervisor/recorder.js';
import { LaboratoryRun } from '../../src/supervisor/run.js';
import { ServerGroup } from '../../src/supervisor/server-group.js';

const HOSTS: readonly RecordedHost[] = [{ id: 'n1', kind: 'server', name: 'n1', address: '127.0.0.1:1' }];

/** Servers that are still being started, for as long as the test wants. */
class WaitingGroup extends ServerGroup {
  readonly engine = 'lider';
  readonly hosts = HOSTS;
  prepared = (): void => undefined;

  constructor(listener: FleetGroupListener) {
    super([{ name: 'n1', port: 1, words: [] }], listener, () => undefined);
  }

  protected prepare(): Promise<void> {
    return new Promise((resolve) => (this.prepared = resolve));
  }

  protected letBegin(): Promise<void> {
    return Promise.resolve();
  }

  protected clear(): Promise<void> {
    return Promise.resolve();
  }
}

/** Servers none of which is ever started. */
class StillGroup extends WaitingGroup {
  override start(): Promise<void> {
    return Promise.resolve();
  }
}

const NOBODY: FleetGroupListener = {
  onChange: () => undefined,
  onTrace: () => undefined,
  onTraceLost: () => undefined,
  onTraceGap: () => undefined,
  onOrigin: () => undefined,
  onPicture: () => undefined,
  onRelayed: () => undefined,
  onListening: () => undefined,
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-lab-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const noTrouble = (): void => undefined;
const still = (listener: FleetGroupListener): Promise<ServerGroup> =>
  Promise.resolve(new StillGroup(listener));

describe('a group of servers', () => {
  it('starts none a second time while it is still being started', async () => {
    const group = new WaitingGroup(NOBODY);
    const started = group.start();
    await expect(group.restart('n1')).rejects.toMatchObject({ code: 'CONFLITO' });
    expect(group.situation()).toMatchObject([{ estado: 'parado' }]);
    const stopped = group.stop();
    group.prepared();
    await Promise.all([started, stopped]);
  });
});

describe('a run', () => {
  it('answers a call that outlives its servers', async () => {
    let answer = (): void => undefined;
    const clients = {
      call: () =>
        new Promise<{ code: string; message: string; lines: [] }>((resolve) => {
          answer = () => {
            resolve({ code: 'SEM_RESPOSTA', message: '', lines: [] });
          };
        }),
    };
    const { run } = await LaboratoryRun.start(still, join(folder, 'a.jsonl'), noTrouble, clients);
    const call = { acao: 'chama', servidor: 'n1', cliente: 'c1', operacao: 'query', chave: 'k' } as const;
    const called = expect(run.act(call)).rejects.toMatchObject({ code: 'CONFLITO' });
    await run.stop();
    answer();
    await called;
  });

  it('marks where messages of a server are missing', async () => {
    const file = join(folder, 'a.jsonl');
    const { run } = await LaboratoryRun.start(still, file, noTrouble);
    run.onTraceGap('n1');
    await run.stop();
    expect(readFileSync(file, 'utf8')).toMatch(/"kind":"mark".*"host":"n1".*faltam mensagens de n1/);
  });
});

describe('a laboratory', () => {
  it('records over no file that nobody named', async () => {
    const [first, second] = [join(folder, 'aula.jsonl'), join(folder, 'aula-2.jsonl')];
    writeFileSync(second, 'of another day');
    const laboratory = new LiveLaboratory({
      ...{ make: () => still, file: first, onTrouble: noTrouble },
      ...{ onRecording: () => undefined, onServing: () => undefined },
    });
    await laboratory.begin('lider');
    await laboratory.act({ acao: 'recomeca' });
    await laboratory.stop();
    expect(laboratory.recorded).toEqual([first, join(folder, 'aula-3.jsonl')]);
    expect(readFileSync(second, 'utf8')).toBe('of another day');
  });

  it('tells the time by the wall clock, on which servers tell, also after the machine has slept', () => {
    let us = 1_000_000_000;
    const about = { engine: 'lider', program: '', hosts: HOSTS } as const;
    const recorder = new Recorder(about, join(folder, 'a.jsonl'), noTrouble, () => us);
    us += 3_600_000_000;
    expect(recorder.now).toBe(3_600_000);
    expect(recorder.at(us - 1_000)).toBe(recorder.now - 1);
    recorder.close();
  });

  it('goes on in memory, and says so once, where the disk is full', () => {
    const troubles: string[] = [];
    const about = { engine: 'lider', program: '', hosts: HOSTS } as const;
    const recorder = new Recorder(about, '/dev/full', (trouble) => troubles.push(trouble));
    recorder.add([{ kind: 'mark', n: 1, t: 0, host: 'n1', text: 'um' }]);
    recorder.add([{ kind: 'mark', n: 2, t: 1, host: 'n1', text: 'dois' }]);
    expect(recorder.lines).toHaveLength(2);
    expect(troubles).toEqual([expect.stringContaining('não consigo mais gravar em /dev/full')]);
    recorder.close();
  });

  it('says where it cannot record', () => {
    const make = (): Recorder =>
      new Recorder({ engine: 'lider', program: '', hosts: HOSTS }, join(folder, 'no', 'a.jsonl'), noTrouble);
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURACAO' }));
    expect(make).toThrow(/não consigo gravar em .*a\.jsonl/);
  });
});

/** Streams of one server, one after the other; what ends the last one is the end. */
function doorOf(streams: readonly (readonly string[])[], failed: object | undefined): FaultDoor {
  const follow = async function* (_rpc: unknown, { next }: Course): AsyncGenerator<unknown, object> {
    for (const stream of streams) {
      await Promise.resolve(next());
      for (const step of stream) yield { step };
    }
    return { server: '127.0.0.1:1', passed: [], reasons: undefined, failed };
  };
  const client = { follow, call: undefined, close: () => undefined };
  return new FaultDoor(client as unknown as Pick<KvsClient, 'call' | 'follow' | 'close'>);
}

async function traceOf(door: FaultDoor, signal: AbortSignal): Promise<readonly string[]> {
  const told: string[] = [];
  const lines: AsyncIterable<TraceLine> = door.trace(signal, () => told.push('gap'));
  try {
    for await (const { step } of lines) told.push(step);
  } catch (error) {
    told.push((error as { code: string }).code);
  }
  return told;
}

describe('the trace of a server', () => {
  const { signal } = new AbortController();
  const refused = { code: status.RESOURCE_EXHAUSTED, details: 'x', metadata: new Metadata() };
  const failed = { error: refused, fate: 'refused', mismatch: undefined };

  it('tells where it was broken off and began anew, but not how often it was tried before it began', async () => {
    const told = await traceOf(doorOf([[], [], ['a', 'b'], ['c']], undefined), signal);
    expect(told).toEqual(['a', 'b', 'gap', 'c']);
  });

  it('fails where it cannot go on', async () => {
    expect(await traceOf(doorOf([['a']], failed), signal)).toEqual(['a', 'LIMITE_PEDIDOS']);
  });

  it('ends without an error once nobody wants it', async () => {
    expect(await traceOf(doorOf([['a']], failed), AbortSignal.abort())).toEqual(['a']);
  });
});
