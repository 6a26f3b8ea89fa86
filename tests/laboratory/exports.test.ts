import { describe, expect, it } from 'vitest';
import type { RecordedEvent, Recording } from '../../src/laboratory/recording.js';
import { shivizLog } from '../../src/laboratory/shiviz.js';
import { spaceTimeSvg } from '../../src/laboratory/svg.js';
import { clockedSteps, happensBefore } from '../../src/laboratory/vector-clocks.js';
import type { ClockedStep } from '../../src/laboratory/vector-clocks.js';
import { SMALL_RECORDING } from './recordings.js';

/** What ShiViz makes of a file, by the rules of its own source: `js/shiviz.js`, `model/parser.js`, `model/modelGraph.js`. */
function readAsShiViz(file: string): { host: string; clock: Record<string, number>; event: string }[] {
  const [expression = '', delimiter = ''] = file.split('\n', 2);
  expect(delimiter.trim()).toBe('');
  const log = file.slice(file.indexOf('\n', file.indexOf('\n') + 1) + 1).trim();
  const found = [...log.matchAll(new RegExp(`^${expression}$`, 'gm'))].map(({ groups = {} }) => ({
    ...{ host: groups['host'] ?? '', event: groups['event'] ?? '' },
    clock: JSON.parse(groups['clock'] ?? '') as Record<string, number>,
  }));
  const counts = new Map<string, number>();
  for (const { host } of found) counts.set(host, (counts.get(host) ?? 0) + 1);
  const last = new Map<string, number>();
  for (const { host, clock } of found) {
    // The clock of a host begins at 1, and goes up by 1; those of others name events that there are.
    expect(clock[host]).toBe((last.get(host) ?? 0) + 1);
    last.set(host, clock[host] ?? 0);
    for (const [other, time] of Object.entries(clock)) {
      expect(time).toBeGreaterThanOrEqual(1);
      expect(time).toBeLessThanOrEqual(counts.get(other) ?? 0);
    }
  }
  expect(log.split('\n')).toHaveLength(2 * found.length);
  return found;
}

const hostile = '</title><script>alert(1)</script>"\'&\u202e\u0000\ud800\nn1 {"n1":1}';
/** The small recording with hostile texts wherever somebody else chooses them. */
const HOSTILE: Recording = {
  header: {
    ...SMALL_RECORDING.header,
    hosts: SMALL_RECORDING.header.hosts.map((host) => ({ ...host, name: hostile, address: hostile })),
  },
  events: SMALL_RECORDING.events.map((event): RecordedEvent => {
    if (event.kind === 'call') return { ...event, key: hostile, value: hostile };
    if (event.kind === 'sent') return { ...event, type: hostile, body: hostile };
    if (event.kind === 'answer') return { ...event, code: hostile, message: hostile };
    return event.kind === 'mark' ? { ...event, text: hostile } : event;
  }),
};

describe('vector clocks', () => {
  const steps = [...clockedSteps(SMALL_RECORDING.events)];
  const at = (n: number, host: string): ClockedStep =>
    steps.find(({ event, host: of }) => event.n === n && of === host)!;

  it('know what came before: along a line, through a message, through a call and its answer', () => {
    expect(happensBefore(at(1, 'n1'), at(3, 'n1'))).toBe(true);
    expect(happensBefore(at(3, 'n1'), at(4, 'broker'))).toBe(true);
    expect(happensBefore(at(2, 'c1'), at(6, 'n2'))).toBe(true);
    expect(happensBefore(at(3, 'n1'), at(7, 'c1'))).toBe(true);
    expect(happensBefore(at(6, 'n2'), at(7, 'n1'))).toBe(false);
    expect(happensBefore(at(7, 'n1'), at(6, 'n2'))).toBe(false);
    expect(happensBefore(at(3, 'n1'), at(3, 'n1'))).toBe(false);
  });
});

describe('a message that was overtaken', () => {
  it('takes nothing from what its receiver knows already', () => {
    const message = { topic: '', type: 'PUT', bytes: 0, body: '' };
    const steps = [
      ...clockedSteps([
        { kind: 'sent', n: 1, t: 1, host: 'n1', message: 'm1', ...message },
        { kind: 'sent', n: 2, t: 2, host: 'n1', message: 'm2', ...message },
        { kind: 'received', n: 3, t: 3, host: 'n2', message: 'm2', effect: 'noted' },
        { kind: 'received', n: 4, t: 4, host: 'n2', message: 'm1', effect: 'noted' },
      ]),
    ];
    expect(Object.fromEntries(steps[3]!.clock.entries())).toEqual({ n1: 2, n2: 2 });
  });
});

describe.each(['pt', 'en'] as const)('a recording as a log for ShiViz (%s)', (language) => {
  it('is read by its rules, with every step', () => {
    const steps = readAsShiViz(shivizLog(SMALL_RECORDING, language));
    expect(steps.map(({ host }) => host)).toEqual(
      [...clockedSteps(SMALL_RECORDING.events)].map(({ host }) => host),
    );
  });

  it('is read by its rules whatever keys, values and names say', () => {
    expect(readAsShiViz(shivizLog(HOSTILE, language))).toHaveLength([...clockedSteps(HOSTILE.events)].length);
  });

  it('is read by its rules whatever a host is called', () => {
    const { header, events } = SMALL_RECORDING;
    const renamed = (id: string): string => (id === 'n1' ? hostile : id);
    const recording = {
      header: { ...header, hosts: header.hosts.map((host) => ({ ...host, id: renamed(host.id) })) },
      events: events.map((event): RecordedEvent => ({ ...event, host: renamed(event.host) })),
    };
    expect(readAsShiViz(shivizLog(recording, language))).toHaveLength([...clockedSteps(events)].length);
  });
});

describe('a recording as a picture', () => {
  it.each([
    ['small', SMALL_RECORDING],
    ['hostile', HOSTILE],
    ['empty', { ...SMALL_RECORDING, events: [] }],
  ] as const)('is well-formed XML, and of others only text: %s', (_, recording) => {
    for (const language of ['pt', 'en'] as const) {
      const svg = spaceTimeSvg(recording, language);
      expect(svg).toMatch(
        /^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/,
      );
      expect(svg).not.toMatch(/<script|\u202e|on\w+=|href|NaN|undefined/);
      expect(svg).not.toContain('\u0000');
      // Every element ends, in order; no attribute or text has a bare sign.
      const open: string[] = [];
      for (const [, end, name = '', attributes = '', alone] of svg.matchAll(
        /<(\/?)([a-z]+)((?: [\w:-]+="[^"<>]*")*)(\/?)>/g,
      )) {
        if (end === '/') expect(open.pop()).toBe(name);
        else if (alone === '') open.push(name);
        expect(attributes).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
      }
      expect(open).toEqual([]);
      expect(svg.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#39;)/);
    }
  });

  it('shows every message, drop, call and mark, with a sentence each', () => {
    const svg = spaceTimeSvg(SMALL_RECORDING, 'pt');
    for (const part of [
      'class="dot"',
      'message applied',
      'message dropped',
      'class="call call"',
      'class="mark"',
    ]) {
      expect(svg).toContain(part);
    }
    expect(svg.match(/<title>/g)!.length).toBeGreaterThan(SMALL_RECORDING.events.length);
  });

  it('says how many events are beyond what it draws', () => {
    const [first] = SMALL_RECORDING.events;
    const events = Array.from({ length: 5_002 }, (_, at) => ({ ...first!, n: at + 1, t: at }));
    expect(spaceTimeSvg({ ...SMALL_RECORDING, events }, 'pt')).toContain('faltam 2 eventos');
  });
});
