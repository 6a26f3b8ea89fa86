import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MessageReaders } from '../../../src/app/laboratory/message-readers.js';
import { ServerFaults } from '../../../src/app/laboratory/server-faults.js';
import { startDoors } from '../../../src/doors/start.js';
import type { Doors } from '../../../src/doors/start.js';
import { LinkCut } from '../../../src/ports/link-cut.js';
import type { PassingMessage } from '../../../src/ports/trace.js';
import { runTrace } from '../../../src/cli/laboratory/trace.js';
import { runHere } from '../../cli/in-process.js';
import { DoorClient, loadService, reasonOf } from '../../support/door-client.js';
import { RecordingLogger } from '../../support/doors.js';
import { eventually } from '../../support/eventually.js';
import { MemoryEngine } from '../../support/memory-engine.js';
import { realTime } from '../../support/real-time.js';

/** `Rastro`. */
interface Traced {
  readonly numero: string;
  readonly quando_us: string;
  readonly que: string;
  readonly corpo: Buffer;
  readonly tamanho: string;
  readonly resumo: Buffer;
}

let faults: ServerFaults;
let doors: Doors;
let client: DoorClient;

beforeEach(async () => {
  const logger = new RecordingLogger();
  const cut = new LinkCut(realTime, logger, { cut: 'isolado', back: 'de volta' });
  faults = new ServerFaults({ cut, logger, time: realTime });
  const engine = new MemoryEngine();
  const common = { port: 0, engine, engineHealth: 'kvs.frota', time: realTime, logger };
  doors = await startDoors({ ...common, laboratory: faults });
  doors.setServing(true);
  client = new DoorClient(loadService('laboratorio.proto', 'kvs.Laboratorio'), doors.port);
});
afterEach(async () => {
  client.close();
  await doors.stop(0);
});

const message = (text: string): PassingMessage => ({
  ...{ step: 'envia', channel: 'canal', type: 'batch' },
  ...{ body: Buffer.from(text), wire: Buffer.from(`selado ${text}`) },
});
const answer = async (name: string, request: object): Promise<object> =>
  (await client.unary<object>(name, request)).resposta;
/** Opens a stream and waits until it is read. */
async function traced(readers = 1): Promise<ReturnType<DoorClient['openStream']> & AsyncIterable<Traced>> {
  const stream = client.openStream<Traced>('Rastreia', {});
  stream.on('error', () => undefined);
  const open = (): object => Reflect.get(Reflect.get(faults, 'readers') as object, 'open') as object;
  await eventually('it reads', () => Reflect.get(open(), 'size') === readers);
  return stream;
}

describe('kvs.Laboratorio', () => {
  it('loses and shifts within bounds, and says what is in force', async () => {
    expect(await answer('Perde', { entrada_por_mil: 1_000, saida_por_mil: 7 })).toEqual({
      ...{ entrada_por_mil: 1_000, saida_por_mil: 7, relogio_ms: '0' },
    });
    expect(await answer('Adianta', { ms: '-86400000' })).toMatchObject({ relogio_ms: '-86400000' });
    expect(await answer('Adianta', { ms: '86400000' })).toMatchObject({ relogio_ms: '86400000' });
    expect(faults.time.wallMs() - Date.now()).toBeGreaterThan(86_000_000);
    for (const [name, request] of [
      ['Perde', { entrada_por_mil: 1_001 }],
      ['Perde', { saida_por_mil: 4_294_967_295 }],
      ['Adianta', { ms: '86400001' }],
      ['Adianta', { ms: '-86400001' }],
      ['Adianta', { ms: '9223372036854775807' }],
      ['Adianta', { ms: '-9223372036854775808' }],
    ] as const) {
      const error: unknown = await client.unary(name, request).catch((thrown: unknown) => thrown);
      expect([name, request, reasonOf(error)]).toEqual([
        name,
        request,
        expect.stringMatching(/^PEDIDO_INVALIDO/),
      ]);
    }
    expect(await answer('Perde', {})).toEqual({
      entrada_por_mil: 0,
      saida_por_mil: 0,
      relogio_ms: '86400000',
    });
  });

  it('tells two readers the same, with what is said of a message until the turn ends', async () => {
    const [one, two] = [await traced(1), await traced(2)];
    const arrived = faults.tell({ ...message('veio'), step: 'recebe' });
    arrived.effect = 'applied';
    arrived.applied = 3;
    faults.tell(message('foi'));
    const [first, second] = await Promise.all([one, two].map(takeTwo));
    expect(first).toEqual(second);
    expect(first).toMatchObject([
      { numero: '1', que: 'recebe', canal: 'canal', tipo: 'batch', efeito: 'applied', aplicadas: 3 },
      { numero: '2', que: 'envia', efeito: '', aplicadas: 0, tamanho: '10' },
    ]);
    const [{ corpo, resumo, quando_us: atUs }] = first as [Traced];
    expect(corpo.toString()).toBe('veio');
    expect(resumo).toHaveLength(8);
    expect(Math.abs(Number(atUs) / 1_000 - Date.now())).toBeLessThan(60_000);
    one.cancel();
    two.cancel();
    await eventually('nobody reads', () => !faults.isTracing);
  });

  it('ends a reader that is slow, and goes on', async () => {
    const slow = await traced();
    const ended = new Promise<ServiceError>((resolve) => slow.once('error', resolve));
    slow.pause();
    const body = 'x'.repeat(200_000);
    for (let i = 0; i < 1_000 && faults.isTracing; i++) {
      faults.tell(message(body));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(faults.isTracing).toBe(false);
    const next = await traced();
    faults.tell(message('depois'));
    const [{ corpo }] = (await takeOne(next)) as [Traced];
    expect(corpo.toString()).toBe('depois');
    slow.resume();
    const error = await ended;
    expect([error.code, reasonOf(error)]).toEqual([status.ABORTED, expect.stringMatching(/^LEITOR_LENTO/)]);
  });

  it('has readers and queues within bounds', async () => {
    const readers = new MessageReaders(() => 1, {
      ...{ readers: 2, queueMessages: 3, queueBytes: 10_000 },
      ...{ backlogMessages: 3, backlogBytes: 10_000, backlogMs: 1_000 },
    });
    const [a, b] = [readers.begin(), readers.begin()].map((stream) => stream[Symbol.asyncIterator]());
    expect(() => readers.begin()).toThrow('já tem 2 leitores');
    for (let i = 0; i < 3; i++) readers.tell(message(`${i}`));
    expect((await a!.next()).value).toMatchObject({ number: 1, bytes: 8, handled: undefined });
    readers.tell(message('3'));
    await expect(b!.next()).rejects.toThrow('andou mais depressa');
    expect(readers.isOpen).toBe(true);
    readers.tell(message('x'.repeat(70_000)));
    await expect(a!.next()).rejects.toThrow('andou mais depressa');
    expect(readers.isOpen).toBe(false);
  });

  it('is what kvs perde, kvs adianta and kvs rastreia speak to', async () => {
    const port = ['-p', String(doors.port)];
    const said = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runHere([...words, ...port]);
      return `${code} ${stdout}${stderr}`;
    };
    expect(await said('perde', '300')).toBe(
      '0 perde 300 por mil do que chega e 300 do que sai; relógio certo\n',
    );
    expect(await said('perde', '0', '5', '-q')).toBe('0 0 5 0\n');
    expect(await said('adianta', '90')).toContain('relógio 90 s adiante');
    expect(await said('adianta', '2h', 'atras', '--json')).toBe(
      '0 {"entrada_por_mil":0,"saida_por_mil":5,"relogio_ms":-7200000}\n',
    );
    expect(await said('adianta', '0')).toContain('relógio certo');
    expect(await said('adianta', '25h')).toMatch(/^4 .*no máximo 24 h/);
    expect(await said('perde', '1001')).toMatch(/^2 .*de 0 a 1000/);
    expect(await said('adianta', 'logo')).toMatch(/^2 .*não é um tempo/);
    const lines: object[] = [];
    const tracing = runTrace(
      { porta: String(doors.port) },
      {},
      {
        colors: false,
        error: () => undefined,
        line: (text) => {
          if (lines.push(JSON.parse(text) as object) === 2) process.emit('SIGTERM');
          return undefined;
        },
      },
    );
    await eventually('it reads', () => faults.isTracing);
    faults.tell({ ...message('{"formato":1}'), step: 'recebe' });
    faults.tell(message('não é JSON'));
    expect(await tracing).toBe(0);
    expect(lines).toMatchObject([
      {
        numero: 1,
        que: 'recebe',
        efeito: 'ignored',
        corpo: { formato: 1 },
        resumo: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      },
      { numero: 2, que: 'envia', corpo: 'não é JSON', tamanho: 19 },
    ]);
  });
});

async function take(stream: AsyncIterable<Traced>, count: number): Promise<Traced[]> {
  const seen: Traced[] = [];
  for await (const row of stream) if (seen.push(row) === count) break;
  return seen;
}
const takeOne = (stream: AsyncIterable<Traced>): Promise<Traced[]> => take(stream, 1);
const takeTwo = (stream: AsyncIterable<Traced>): Promise<Traced[]> => take(stream, 2);
