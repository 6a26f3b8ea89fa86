import { expect, it } from 'vitest';
import { EventLog } from '../../../src/app/panel/event-log.js';
import { panelLimits } from '../../../src/app/panel/limits.js';
import { StateEvents } from '../../../src/app/panel/state-events.js';
import type { PanelPicture } from '../../../src/ports/panel.js';
import { ManualTime } from '../../engines/fleet/bus/manual-time.js';
import { RecordingLogger } from '../../support/doors.js';
import { panelPeer } from '../../support/panel-stand.js';

it('the last events are remembered, and how many were forgotten', () => {
  const log = new EventLog(new ManualTime());
  for (let n = 1; n <= panelLimits.events + 10; n++) log.add('info', `m${n}`, {}, 'log');
  const all = log.after(0);
  expect([all.lost, all.events.length, all.events[0]?.message]).toEqual([10, panelLimits.events, 'm11']);
  expect(log.after(5).lost).toBe(5);
  expect(log.after(10)).toMatchObject({ lost: 0, events: { length: panelLimits.events } });
  expect(log.after(panelLimits.events + 9).events.map(({ message }) => message)).toEqual([
    `m${panelLimits.events + 10}`,
  ]);
  expect(log.after(panelLimits.events + 10)).toEqual({ lost: 0, events: [] });
});

it('what is logged is bounded, without passwords, and never fails', () => {
  const log = new EventLog(new ManualTime());
  const written = new RecordingLogger();
  const logger = log.over(written, true);
  const round: Record<string, unknown> = {};
  round['self'] = round;
  logger.info({ senha: 'x1', url: { password: 'x2' }, err: new Error('não deu') }, 'a');
  logger.info(round, 'b');
  logger.debug({ n: 1n }, 'c');
  logger.error({ longo: 'é'.repeat(100_000) }, 'm'.repeat(100_000));
  const texts = log.after(0).events.map(({ fields }) => fields);
  expect(texts.slice(0, 3)).toEqual([
    '{"senha":"[oculto]","url":{"password":"[oculto]"},"err":"não deu"}',
    '{}',
    '{"n":"1"}',
  ]);
  expect(log.after(3).events[0]).toMatchObject({
    ...{ level: 'erro', message: expect.stringMatching(/^m{1023}…$/) as string },
    fields: expect.stringMatching(/^\{"longo":"é+…$/) as string,
  });
  expect(texts[3]).toHaveLength(panelLimits.eventChars);
  // The log itself gets everything.
  expect(written.lines.map(({ message }) => message.slice(0, 1))).toEqual(['a', 'b', 'c', 'm']);
});

it('pictures tell who came, changed and left, and whether all agree for long', () => {
  const time = new ManualTime();
  const log = new EventLog(time);
  const events = new StateEvents(log, time);
  const base = { agrees: true, hasDiverged: false, servers: [panelPeer('a')] };
  const note = (more: object): string[] => {
    const { lastNumber } = log;
    events.note({ ...base, ...more } as unknown as PanelPicture);
    time.advance(1_000);
    return log.after(lastNumber).events.map(({ message }) => message);
  };
  expect(note({ servers: [panelPeer('a'), panelPeer('b')] })).toEqual([]);
  expect(note({ servers: [panelPeer('a'), panelPeer('b', { state: 'saindo' }), panelPeer('c')] })).toEqual([
    ...['um servidor mudou de estado', 'um servidor chegou'],
  ]);
  expect(note({})).toEqual(['um servidor saiu', 'um servidor saiu']);
  // While somebody writes, servers differ for a moment.
  for (let n = 0; n < 5; n++) expect(note({ agrees: false })).toEqual([]);
  expect(note({ agrees: true })).toEqual([]);
  for (let n = 0; n < 5; n++) expect(note({ agrees: false })).toEqual([]);
  expect(note({ agrees: false })).toEqual(['os servidores não estão de acordo']);
  expect(note({ agrees: false })).toEqual([]);
  expect(note({})).toEqual(['os servidores estão de acordo']);
  expect(note({ hasDiverged: true })).toEqual(['servidores com as mesmas escritas têm conteúdo diferente']);
  expect(note({})).toEqual(['o conteúdo dos servidores voltou a ser igual']);
  const broker = { address: '', isHere: false };
  expect(note({ broker: { ...broker, isConnected: true } })).toEqual([]);
  expect(note({ broker: { ...broker, isConnected: false } })).toEqual(['este servidor perdeu o broker']);
  expect(note({ broker: { ...broker, isConnected: true } })).toEqual(['este servidor voltou ao broker']);
  const consensus = { leader: 'x:1', term: 2 };
  expect(note({ consensus })).toEqual([]);
  expect(note({ consensus: { leader: '', term: 2 } })).toEqual([]);
  expect(note({ consensus: { leader: 'y:1', term: 3 } })).toEqual(['as réplicas têm outro líder']);
});
