import type { HostChanged } from '../recording.js';
import type { Exercise, RunWarning } from './exercise.js';
import { stepsOver } from './exercise.js';
import { isJoined, latestLine, shows, writtenVersion } from './observed-run.js';
import type { AnsweredCall, ObservedRun, Separation } from './observed-run.js';

interface Facts {
  readonly ahead: HostChanged;
  readonly apart: Separation;
  readonly joined: HostChanged;
  readonly early: AnsweredCall;
  readonly late: AnsweredCall;
  readonly won: AnsweredCall;
  readonly next: AnsweredCall;
}

/** So far ahead that no delay between two writes explains it. */
const AHEAD_MS = 5_000;

const step = stepsOver<Facts>();

const STEPS = [
  step({
    id: 'adianta',
    text: {
      pt: 'O relógio de um servidor é adiantado em pelo menos 5 s',
      en: 'The clock of a server is put ahead by at least 5 s',
    },
    hint: {
      pt: 'Adiante o relógio de um servidor, por exemplo em 30 s (30000 ms).',
      en: 'Put the clock of a server ahead, for example by 30 s (30000 ms).',
    },
    gives: 'ahead',
    *find(run) {
      for (const ahead of run.changed({ change: 'clock' })) {
        if ((ahead.amount ?? 0) >= AHEAD_MS) yield { event: ahead, facts: { ahead } };
      }
    },
  }),
  step({
    id: 'separa',
    text: { pt: 'Servidores ficam separados', en: 'Servers are cut off from each other' },
    hint: {
      pt: 'Isole um servidor, de modo que o adiantado e outro não se ouçam.',
      en: 'Isolate a server, so that the one ahead and another do not hear each other.',
    },
    gives: 'apart',
    *find(run) {
      for (const apart of run.separations()) yield { event: apart.from, facts: { apart } };
    },
  }),
  step({
    id: 'grava-adiantado',
    text: { pt: 'Primeiro o servidor adiantado grava uma chave', en: 'First the server ahead writes a key' },
    hint: {
      pt: 'Com eles separados, escreva uma chave no servidor adiantado.',
      en: 'While they are apart, write a key at the server ahead.',
    },
    gives: 'early',
    needs: ['ahead', 'apart'],
    *find(run, { ahead, apart }) {
      const where = { server: ahead.host, after: apart.from, before: apart.to };
      for (const early of run.writes(where)) {
        if (run.aheadMs(ahead.host, early.made) >= AHEAD_MS) yield { event: early.answer, facts: { early } };
      }
    },
  }),
  step({
    id: 'grava-depois',
    text: {
      pt: 'Depois, do outro lado, um servidor de relógio certo grava a mesma chave',
      en: 'Then, on the other side, a server whose clock is right writes the same key',
    },
    hint: {
      pt: 'Ainda separados, escreva depois a mesma chave, com outro valor, num servidor do outro lado (o mesmo número de vezes).',
      en: 'Still apart, write then the same key, with another value, at a server on the other side (as many times).',
    },
    gives: 'late',
    needs: ['ahead', 'apart', 'early'],
    *find(run, { ahead, apart, early }) {
      const { key, value } = early.made;
      const where = { notServer: ahead.host, after: early.answer, before: apart.to };
      for (const late of run.writes({ key, ...where })) {
        const isAcross = late.server === apart.server || ahead.host === apart.server;
        const isRight = Math.abs(run.aheadMs(late.server, late.made)) < AHEAD_MS;
        if (isAcross && isRight && late.made.value !== value) yield { event: late.answer, facts: { late } };
      }
    },
  }),
  step({
    id: 'junta',
    text: { pt: 'Eles voltam a se ouvir', en: 'They hear each other again' },
    hint: { pt: 'Ligue o servidor de volta.', en: 'Connect the server again.' },
    gives: 'joined',
    needs: ['apart'],
    *find(_, { apart }) {
      if (isJoined(apart)) yield { event: apart.to, facts: { joined: apart.to } };
    },
  }),
  step({
    id: 'ganha-o-adiantado',
    text: {
      pt: 'O servidor da segunda escrita mostra a primeira: o relógio adiantado ganhou',
      en: 'The server of the second write shows the first: the clock ahead has won',
    },
    hint: {
      pt: 'Escreva a chave o mesmo número de vezes em cada lado. Depois de ligar, espere os hashes ficarem iguais e leia-a no servidor de relógio certo.',
      en: 'Write the key as often on each side. After connecting, wait until the hashes are equal and read it at the server whose clock is right.',
    },
    gives: 'won',
    needs: ['early', 'late', 'joined'],
    *find(run, { early, late, joined }) {
      // A greater number wins whatever the clocks say.
      if (isDecidedByNumber(early, late)) return;
      for (const won of run.reads({ key: early.made.key, server: late.server, after: joined })) {
        if (shows(won, early)) yield { event: won.answer, facts: { won } };
      }
    },
  }),
  step({
    id: 'grava-tendo-visto',
    text: {
      pt: 'O servidor de relógio certo, que já viu essa, grava outra vez',
      en: 'The server whose clock is right, which has seen that one now, writes again',
    },
    hint: {
      pt: 'Escreva a chave outra vez no servidor de relógio certo.',
      en: 'Write the key once more at the server whose clock is right.',
    },
    gives: 'next',
    needs: ['won', 'late'],
    *find(run, { won, late }) {
      for (const next of run.writes({ key: late.made.key, server: late.server, after: won.answer })) {
        yield { event: next.answer, facts: { next } };
      }
    },
  }),
  step({
    id: 'nunca-volta',
    text: {
      pt: 'Também o servidor adiantado a mostra, e o instante dela não volta atrás',
      en: 'The server ahead shows it, too, and its time does not go back',
    },
    hint: {
      pt: 'Leia a chave no servidor adiantado: vale a última, com um instante depois do adiantado.',
      en: 'Read the key at the server ahead: the last one stands, with a time after the one ahead.',
    },
    needs: ['early', 'won', 'next'],
    *find(run, { early, won, next }) {
      const before = latestLine(won)?.timestampMs ?? Infinity;
      for (const read of run.reads({ key: next.made.key, server: early.server, after: next.answer })) {
        const line = latestLine(read);
        if (shows(read, next) && line !== undefined && line.timestampMs > before)
          yield { event: read.answer };
      }
    },
  }),
];

/** Of the fleet: what a clock that runs ahead decides, and what it cannot. */
export const fastClock: Exercise = {
  name: 'relogio',
  title: { pt: 'Um relógio adiantado', en: 'A clock that runs ahead' },
  engines: ['frota'],
  plan: () => ({ steps: STEPS, warn: warnings }),
};

/** Whether two writes have different numbers, as far as their answers tell. */
function isDecidedByNumber(one: AnsweredCall, other: AnsweredCall): boolean {
  const [first, second] = [writtenVersion(one), writtenVersion(other)];
  return first !== undefined && second !== undefined && first !== second;
}

function* warnings(run: ObservedRun, { late, early }: Partial<Facts>): Generator<RunWarning> {
  for (const call of run.answered({ code: 'RELOGIO_ADIANTADO' })) {
    yield {
      event: call.answer,
      text: {
        pt: 'o servidor recusou a escrita: mais de 60 s à frente de todos os outros ele não confia mais no próprio relógio',
        en: 'the server refused the write: more than 60 s ahead of all others it no longer trusts its own clock',
      },
    };
  }
  if (late === undefined || early === undefined) return;
  if (isDecidedByNumber(early, late)) {
    const [one, other] = [writtenVersion(early), writtenVersion(late)];
    yield {
      event: late.answer,
      text: {
        pt: `as duas escritas têm números diferentes (${one} e ${other}): ganha o maior número, e o relógio não decide nada`,
        en: `the writes have different numbers (${one} and ${other}): the greater one wins, and the clock decides nothing`,
      },
    };
  }
}
