import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from '../../src/laboratory/read-recording.js';
import type { MessageSent, RecordedEvent } from '../../src/laboratory/recording.js';
import { recordingText } from '../../src/laboratory/write-recording.js';
import { endsWithTest } from '../support/children.js';
import { ensureBuilt } from '../support/e2e-build.js';
import { eventually } from '../support/eventually.js';
import { mosquittoPub } from '../support/mosquitto-clients.js';
import { LabProcess } from './lab-process.js';

beforeAll(ensureBuilt, 240_000);

/** `mosquitto_sub` on the broker of a laboratory: what it prints, a line a message. */
class Capture {
  readonly lines: string[] = [];
  private readonly child;

  private constructor(port: number) {
    const words = ['-p', String(port), '-q', '1', '-t', 'kvs/#', '-t', PROBE, '-F', '%t %x'];
    this.child = spawn('mosquitto_sub', words, { stdio: ['ignore', 'pipe', 'ignore'] });
    endsWithTest(this.child);
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line);
    });
  }

  /** @returns once its subscription is in force, with a mark in the recording after that */
  static async start(lab: LabProcess): Promise<Capture> {
    const { address = '' } = lab.header?.hosts.find(({ kind }) => kind === 'broker') ?? {};
    const port = Number(address.split(':')[1]);
    const capture = new Capture(port);
    await eventually(
      'its subscription is in force',
      async () => {
        await mosquittoPub(port, PROBE, 'x');
        return capture.lines.some((line) => line.startsWith(PROBE));
      },
      30_000,
    );
    await lab.act('marca', { texto: BEGIN });
    return capture;
  }

  /** Ends it, a mark in the recording before that; whatever is told until then it has printed. */
  async stop(lab: LabProcess): Promise<string[]> {
    await lab.act('marca', { texto: END });
    await lab.until('the mark', () =>
      lab.events.some((event) => event.kind === 'mark' && event.text === END),
    );
    const { address = '' } = lab.header?.hosts.find(({ kind }) => kind === 'broker') ?? {};
    const before = this.probes;
    await eventually('all is printed', async () => {
      await mosquittoPub(Number(address.split(':')[1]), PROBE, 'x');
      return this.probes > before;
    });
    this.child.kill('SIGKILL');
    return this.lines.filter((line) => !line.startsWith(PROBE));
  }

  private get probes(): number {
    return this.lines.filter((line) => line.startsWith(PROBE)).length;
  }
}

const PROBE = 'lab-test/probe';
const [BEGIN, END] = ['a captura começou', 'a captura termina'];

/** Messages of a recording as `mosquitto_sub` prints them, how often the broker told of each. */
class Relays {
  private readonly sent = new Map<string, MessageSent>();
  readonly all = new Map<string, number>();

  constructor(private readonly events: readonly RecordedEvent[]) {
    for (const event of events) {
      if (event.kind === 'sent') this.sent.set(event.message, event);
      if (event.kind === 'relayed') {
        const line = this.lineOf(event.message);
        this.all.set(line, (this.all.get(line) ?? 0) + 1);
      }
    }
  }

  lineOf(message: string): string {
    const { topic, body } = this.sent.get(message)!;
    return `${topic} ${Buffer.from(body).toString('hex')}`;
  }

  /** Those that the broker told of between the marks of the capture of this number, from 0. */
  within(capture: number): string[] {
    const marks = (text: string): number =>
      this.events.filter((event) => event.kind === 'mark' && event.text === text)[capture]!.t;
    const [from, to] = [marks(BEGIN), marks(END)];
    return this.events.flatMap((event) =>
      event.kind === 'relayed' && event.t > from && event.t < to ? [this.lineOf(event.message)] : [],
    );
  }
}

/** The recording and the capture tell of the same messages, each as often. */
function expectEqual(relays: Relays, capture: number, captured: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const line of captured) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const [line, count] of counts) expect([line, relays.all.get(line) ?? 0]).toEqual([line, count]);
  const recorded = relays.within(capture);
  // At the least a batch, and what two servers say of it: how many presences there were, time decides.
  expect(recorded.length).toBeGreaterThanOrEqual(3);
  expect(recorded.filter((line) => !counts.has(line))).toEqual([]);
}

/** Who missed a message is told, and of nobody who got it. */
function expectMisses(events: readonly RecordedEvent[]): void {
  const sent = new Map(events.flatMap((event) => (event.kind === 'sent' ? [[event.message, event]] : [])));
  const missed = events.filter((event) => event.kind === 'missed');
  const came = new Set(
    events.flatMap((event) =>
      event.kind === 'received' || event.kind === 'dropped' ? [`${event.host} ${event.message}`] : [],
    ),
  );
  expect(missed.filter(({ host, message }) => came.has(`${host} ${message}`))).toEqual([]);
  const cutOff = missed.filter(({ why }) => why === 'isolated');
  expect(new Set(cutOff.map(({ host }) => host))).toEqual(new Set(['n2']));
  // The write that n1 published meanwhile is among them.
  expect(cutOff.map(({ message }) => sent.get(message)!)).toContainEqual(
    expect.objectContaining({ host: 'n1', type: 'batch', body: expect.stringContaining('azul') as string }),
  );
  for (const { host, message } of events.filter((event) => event.kind === 'dropped')) {
    const { host: from, to } = sent.get(message)!;
    if (from !== host) continue;
    const without = missed.filter((miss) => miss.message === message).map((miss) => miss.host);
    expect(without).toEqual(['n1', 'n2', 'n3'].filter((one) => one !== from && (to ?? one) === one));
  }
}

/** Nothing that a server said is missing, from its first message on. */
function expectFromTheStart(events: readonly RecordedEvent[]): void {
  const killed = events.find((event) => event.kind === 'host' && event.change === 'killed')!;
  const before = events.slice(0, events.indexOf(killed));
  expect(
    before.filter(({ kind, host }) => kind === 'sent' && host !== 'broker').map((one) => 'isInferred' in one),
  ).not.toContain(true);
  for (const server of ['n1', 'n2', 'n3']) {
    const first = before.find(({ kind, host }) => kind === 'sent' && host === server)!;
    const serving = before.find(
      (one) => one.kind === 'host' && one.host === server && one.change === 'serving',
    )!;
    expect(first.t).toBeLessThan(serving.t);
  }
}

/** The story of an isolation, of losses, and of a killed server; @returns what was captured, and the recording */
async function story(...words: readonly string[]): Promise<readonly RecordedEvent[]> {
  const lab = await LabProcess.start(...words);
  const first = await Capture.start(lab);
  await lab.call('n1', 'insert', 'cor', { valor: 'branco' });
  await lab.agreed(1);
  await lab.act('isola', { servidor: 'n2' });
  expect(await lab.call('n1', 'insert', 'cor', { valor: 'azul' })).toMatchObject({ code: 'OK' });
  expect(await lab.call('n2', 'insert', 'cor', { valor: 'verde' })).toMatchObject({ code: 'OK' });
  expect((await lab.call('n1', 'history', 'cor')).lines.map(({ value }) => value)).toEqual([
    'branco',
    'azul',
  ]);
  await lab.act('liga', { servidor: 'n2' });
  await lab.agreed(3);
  await lab.act('perde', { servidor: 'n3', por_mil: 400 });
  for (let at = 0; at < 12; at++)
    await lab.call(at % 2 === 0 ? 'n1' : 'n3', 'insert', 'outra', { valor: `v${at}` });
  await lab.act('perde', { servidor: 'n3', por_mil: 0 });
  await lab.agreed(15);
  const captured = [await first.stop(lab)];
  await lab.act('mata', { servidor: 'n1' });
  await lab.act('inicia', { servidor: 'n1' });
  await lab.agreed(15);
  const second = await Capture.start(lab);
  await lab.call('n1', 'insert', 'cor', { valor: 'preto', sessao: true, confirma: 2 });
  await lab.agreed(16);
  captured.push(await second.stop(lab));
  const download = await lab.get('/v1/gravacao');
  const { recording, isTruncated } = await lab.stop();
  expect(isTruncated).toBe(false);
  expect(lab.said).toContain(`a gravação está em ${lab.file}`);

  const relays = new Relays(recording.events);
  for (const [at, lines] of captured.entries()) expectEqual(relays, at, lines);
  // Something was lost on the way out, and nobody captured it; something was lost on the way in.
  const dropped = recording.events.filter((event) => event.kind === 'dropped');
  const passed = new Set(
    recording.events.flatMap((event) => (event.kind === 'relayed' ? [event.message] : [])),
  );
  const out = dropped.filter(({ message }) => !passed.has(message));
  expect(out.length).toBeGreaterThan(0);
  expect(dropped.length).toBeGreaterThan(out.length);
  const all = new Set(captured.flat());
  expect(out.filter(({ message }) => all.has(relays.lineOf(message)))).toEqual([]);
  // What is read back is what was written, and what the page was told.
  expect(recordingText(recording).startsWith(download)).toBe(true);
  expect(readRecording(recordingText(recording)).recording).toEqual(recording);
  expectMisses(recording.events);
  expectFromTheStart(recording.events);
  return recording.events;
}

/** Servers within which the broker was, in order. */
function brokerHosts(events: readonly RecordedEvent[]): readonly string[] {
  return events.flatMap((event) => (event.kind === 'host' && event.change === 'hosts' ? [event.host] : []));
}

describe('a run of a fleet is recorded as an independent mosquitto_sub hears it', () => {
  it.concurrent(
    'with the broker in a server that is killed',
    async () => {
      const [first, second, ...more] = brokerHosts(await story());
      expect([first, more]).toEqual(['n1', []]);
      expect(['n2', 'n3']).toContain(second);
    },
    240_000,
  );
  it.concurrent(
    'with Mosquitto',
    async () => {
      expect(brokerHosts(await story('--mosquitto'))).toEqual([]);
    },
    240_000,
  );
});
